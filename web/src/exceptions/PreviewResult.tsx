import { Link } from "react-router";
import type { Alert, Preview } from "../api/types";
import { useI18n } from "../i18n";
import { titleOf } from "../incident/summary";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { count } from "../ui/format";
import { Time } from "../ui/Time";

function Counts({ title, counts }: { title: string; counts: Preview["rules"] }) {
  const { t } = useI18n();
  if (counts.length === 0) return null;
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th>{title}</th>
          <th className="figures">{t("col.alerts")}</th>
          <th className="figures">{t("preview.firings")}</th>
        </tr>
      </thead>
      <tbody>
        {counts.map((each) => (
          <tr key={each.id}>
            <td title={each.id}>{each.name ?? each.id}</td>
            <td className="figures">{count(each.alerts)}</td>
            <td className="figures">{count(each.firings)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Sample({ alert }: { alert: Alert }) {
  return (
    <li>
      <Level value={alert.rule?.level} />
      <span>
        <b>{titleOf(alert)}</b>
        <span className="muted">
          {" "}
          {hostName(alert.host)} · <Time value={alert.time} />{" "}
          {alert.incident && <Link to={`/incidents/${encodeURIComponent(alert.incident)}`}>{alert.incident}</Link>}
        </span>
        {alert.event?.process?.command_line && <code>{alert.event.process.command_line}</code>}
      </span>
    </li>
  );
}

/** What an exception would have hidden: how much, of which rules and hosts, and examples. */
export function PreviewResult({ preview }: { preview: Preview }) {
  const { t } = useI18n();
  return (
    <div className="preview" role="status">
      <p>
        <b>{t("preview.result", { n: preview.alerts, scanned: count(preview.scanned), firings: count(preview.firings) })}</b>
      </p>
      {preview.more && <p className="bad">{t("preview.more")}</p>}
      <Counts title={t("col.rule")} counts={preview.rules} />
      <Counts title={t("col.host")} counts={preview.hosts} />
      {preview.samples.length > 0 && <h3 className="sub">{t("preview.samples")}</h3>}
      <ul className="plain samples">
        {preview.samples.map((alert) => <Sample key={alert.id} alert={alert} />)}
      </ul>
    </div>
  );
}
