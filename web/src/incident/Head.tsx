import { Button } from "antd";
import { useLocation } from "react-router";
import type { Incident } from "../api/types";
import { useHand } from "../decisions/hand";
import { closing } from "../decisions/wish";
import { named, useI18n } from "../i18n";
import { AllTags } from "../labels/Tags";
import { CopyButton } from "../ui/Copy";
import { count } from "../ui/format";
import { Hosts } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Score } from "../ui/Score";
import { Time } from "../ui/Time";
import { Kin } from "./Kin";

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
      {incident.labels && incident.labels.length > 0 && (
        <div>
          <dt>{t("labels.short")}</dt>
          <dd><AllTags values={incident.labels} /></dd>
        </div>
      )}
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

/** What an analyst does with the incident as a whole. */
function Actions({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const { ask, decisions } = useHand();
  if (!ask) return null;
  const closed = closing(incident.id, decisions);
  return (
    <div className="head-actions">
      {closed ? (
        <Button onClick={() => { ask({ kind: "withdraw", decision: closed }); }}>{t("decide.title.reopen")}</Button>
      ) : (
        <>
          <Button onClick={() => { ask({ kind: "merge" }); }}>{t("decide.merge")}</Button>
          <Button onClick={() => { ask({ kind: "close" }); }}>{t("decide.close")}</Button>
        </>
      )}
    </div>
  );
}

/** Where the incident stands, and what is decided of it but not yet in force. */
function Status({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const { decisions } = useHand();
  const closed = closing(incident.id, decisions);
  const verdict = incident.verdict ?? closed?.verdict;
  return (
    <>
      <span className={`status status-${incident.status}`}>{named(t, "status", incident.status)}</span>
      {verdict && <span className="chip">{named(t, "verdict", verdict)}</span>}
      {closed && incident.status !== "closed" && <span className="muted">{t("incident.closing")}</span>}
    </>
  );
}

/** The head of an incident: what it is called, how bad it is, when it was. */
export function Head({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const from = (useLocation().state as { from?: string } | null)?.from;
  return (
    <header className="head">
      <div className="head-title">
        <Level value={incident.level} />
        <h1>{incident.title}</h1>
        <Status incident={incident} />
        <Actions incident={incident} />
      </div>
      {from && <p role="status" className="head-note">{t("incident.followed", { id: from })}</p>}
      <Facts incident={incident} />
      <Kin incident={incident} />
    </header>
  );
}
