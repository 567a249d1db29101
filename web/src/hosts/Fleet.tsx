import { useStatus } from "../api/queries";
import { useI18n } from "../i18n";
import { bytes, count } from "../ui/format";

/** The figures of the whole fleet on one line; dashes until they are known. */
export function Fleet() {
  const { t } = useI18n();
  const { data } = useStatus();
  const facts: [string, string, boolean][] = [
    [t("hosts.connected"), data ? `${count(data.hosts.connected)} / ${count(data.hosts.total)}` : "–", false],
    [t("hosts.armed"), data ? count(data.hosts.armed) : "–", false],
    [t("hosts.lost"), data ? count(data.lost) : "–", (data?.lost ?? 0) > 0],
    [t("hosts.spool"), data ? bytes(data.spool_bytes) : "–", false],
    [t("hosts.lag"), data ? t("hosts.lag.messages", { n: data.engine.lag }) : "–", false],
  ];
  return (
    <dl className="head-facts fleet">
      {facts.map(([label, value, bad]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className={bad ? "figures bad" : "figures"}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
