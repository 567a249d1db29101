import { Button } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { Alert } from "../api/types";
import { NearbyEvents } from "../events/NearbyEvents";
import { named, useI18n } from "../i18n";
import { entityText } from "../incident/entityText";
import { bare, times } from "../incident/summary";
import { Tags } from "../labels/Tags";
import { KillChain } from "../provenance/KillChain";
import { provenancePath } from "../provenance/path";
import { Code } from "../ui/Code";
import { CopyButton } from "../ui/Copy";
import { count } from "../ui/format";
import { Fact, Facts } from "../ui/Facts";
import { hostName } from "../ui/Hosts";
import { Level } from "../ui/Level";
import { Tactics } from "../ui/Tactics";
import { Time } from "../ui/Time";
import { endpoint, ObjectFacts } from "./ObjectFacts";
import { ProcessFacts } from "./ProcessFacts";

function AlertFacts({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  const rule = alert.rule;
  return (
    <Facts>
      <Fact label={t("col.level")}><Level value={rule?.level} /></Fact>
      <Fact label={t("evidence.first")}><Time value={alert.time} /></Fact>
      {times(alert) > 1 && (
        <>
          <Fact label={t("evidence.last")}><Time value={alert.last} /></Fact>
          <Fact label={t("evidence.count")}><b>{count(times(alert))}</b></Fact>
        </>
      )}
      <Fact label={t("col.host")}>{hostName(alert.host)}</Fact>
      {alert.image && <Fact label={t("labels.image")}><Code>{alert.image}</Code></Fact>}
      {alert.labels && <Fact label={t("labels.title")}><Tags labels={alert.labels} /></Fact>}
      {rule?.tactics?.length ? <Fact label={t("col.tactics")}><Tactics values={rule.tactics} /></Fact> : null}
      {rule?.techniques?.length ? <Fact label={t("evidence.techniques")}><span className="mono">{rule.techniques.join(", ")}</span></Fact> : null}
      {alert.event && <Fact label={t("evidence.kind")}><code>{alert.event.kind}</code></Fact>}
      {alert.incident && (
        <Fact label={t("col.incident")}>
          <Link className="mono" to={`/incidents/${encodeURIComponent(alert.incident)}`}>{alert.incident}</Link>
        </Fact>
      )}
      {rule?.id && <Fact label={t("evidence.rule")}><Code>{rule.id}</Code></Fact>}
    </Facts>
  );
}

function Entities({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  if (!alert.entities?.length) return null;
  return (
    <>
      <h3 className="sub">{t("incident.entities")}</h3>
      <Facts>
        {alert.entities.map((entity, at) => (
          <Fact key={at} label={named(t, "entity", entity.type)}>
            <Code>{entityText(entity.port ? endpoint({ ip: entity.value, port: entity.port }) : bare(entity), [alert.host])}</Code>
            {entity.role && <span className="chip">{named(t, "entity.role", entity.role)}</span>}
          </Fact>
        ))}
      </Facts>
    </>
  );
}

function Raw({ event }: { event: object }) {
  const { t } = useI18n();
  const text = JSON.stringify(event, null, 2);
  return (
    <details className="raw">
      <summary>
        {t("evidence.raw")} <CopyButton text={text} />
      </summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

/** The stages of a kill chain, and the way to where the alert came from. */
function Story({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  return (
    <>
      {alert.stages?.length ? (
        <>
          <h3 className="sub">{t("chain.title")} <span className="muted">{t("chain.score", { n: alert.score ?? 0 })}</span></h3>
          <KillChain stages={alert.stages} day={alert.last} />
        </>
      ) : null}
      {(alert.intrusion ?? alert.path) && <p><Link to={provenancePath(alert.id)}>{t("prov.open")} →</Link></p>}
    </>
  );
}

/** The raw events around the one that raised the alert, once they are asked for. */
function Around({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const event = alert.event;
  if (!open) return <p><Button size="small" onClick={() => { setOpen(true); }}>{t("events.around")}</Button></p>;
  return (
    <NearbyEvents
      host={alert.host.id}
      around={event?.seq && event.boot ? String(event.seq) : alert.time}
      boot={event?.boot}
      process={event?.process?.key}
    />
  );
}

/** All that is known of one alert, the most telling first. */
export function Evidence({ alert }: { alert: Alert }) {
  const { t } = useI18n();
  return (
    <div className="evidence">
      <Story alert={alert} />
      {alert.event?.process?.command_line && (
        <>
          <h3 className="sub">
            {t("evidence.command")}
            {alert.event.process.args_truncated && <span className="muted"> ({t("evidence.truncated")})</span>}
            {alert.event.process.redacted ? <span className="muted"> ({t("evidence.redacted")})</span> : null}
          </h3>
          <Code wrap>{alert.event.process.command_line}</Code>
        </>
      )}
      {alert.event && <ObjectFacts event={alert.event} />}
      {alert.event?.process ? (
        <ProcessFacts process={alert.event.process} container={alert.event.container} />
      ) : (
        !alert.event && !alert.stages?.length && <p className="muted">{t("evidence.none")}</p>
      )}
      <h3 className="sub">{t("col.rule")}</h3>
      <AlertFacts alert={alert} />
      <Entities alert={alert} />
      <Around key={alert.id} alert={alert} />
      {alert.event && <Raw event={alert.event} />}
    </div>
  );
}
