import { Link } from "react-router";
import type { Incident } from "../api/types";
import { named, useI18n } from "../i18n";
import { CopyButton } from "../ui/Copy";
import { count } from "../ui/format";
import { Hosts } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Score } from "../ui/Score";
import { Time } from "../ui/Time";

function Facts({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const alerts = incident.alerts?.length ?? 0;
  const total = Math.max(incident.count ?? 0, alerts);
  return (
    <dl className="head-facts">
      <div>
        <dt>{t("col.score")}</dt>
        <dd><Score value={incident.score} /></dd>
      </div>
      <div>
        <dt>{t("col.alerts")}</dt>
        <dd className="figures" title={t("alerts.counts", { alerts, count: total })}>
          <b>{count(alerts)}</b>
          {total > alerts && <span className="muted"> ({t("incident.withrepeats", { n: count(total) })})</span>}
        </dd>
      </div>
      <div>
        <dt>{t("col.hosts")}</dt>
        <dd><Hosts values={incident.hosts ?? []} most={3} /></dd>
      </div>
      <div>
        <dt>{t("col.opened")}</dt>
        <dd className="figures"><Time value={incident.opened} /></dd>
      </div>
      <div>
        <dt>{t("col.updated")}</dt>
        <dd className="figures"><Time value={incident.updated} /> <span className="muted">(<Time value={incident.updated} as="ago" />)</span></dd>
      </div>
      <div>
        <dt>ID</dt>
        <dd className="mono">{incident.id} <CopyButton text={incident.id} /></dd>
      </div>
    </dl>
  );
}

/** The head of an incident: what it is called, how bad it is, when it was. */
export function Head({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  return (
    <header className="head">
      <div className="head-title">
        <Level value={incident.level} />
        <h1>{incident.title}</h1>
        <span className={`status status-${incident.status}`}>{named(t, "status", incident.status)}</span>
      </div>
      {incident.merged_into && (
        <p role="status">
          {t("incident.merged")} <Link to={`/incidents/${encodeURIComponent(incident.merged_into)}`}>{t("incident.merged.open")}</Link>
        </p>
      )}
      <Facts incident={incident} />
    </header>
  );
}
