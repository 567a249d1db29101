import type { HostRef } from "../api/types";
import { useI18n } from "../i18n";

/** The name a host is called by. */
export function hostName(host: HostRef): string {
  return host.name ?? host.id;
}

/** Host names on one line: the first few, and how many more. */
export function Hosts({ values, most = 2 }: { values: readonly HostRef[]; most?: number }) {
  const { t } = useI18n();
  const names = values.map(hostName);
  const more = names.length - most;
  return (
    <span className="hosts" title={names.join("\n")}>
      {names.slice(0, most).join(", ")}
      {more > 0 && <span className="muted"> {t("hosts.more", { n: more })}</span>}
    </span>
  );
}
