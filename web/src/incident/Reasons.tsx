import { Button } from "antd";
import { useState } from "react";
import type { Alert, Incident, Reason } from "../api/types";
import { useHand } from "../decisions/hand";
import { judging } from "../decisions/wish";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { Panel } from "../ui/Panel";
import { clock } from "../ui/format";
import { reasonText } from "./entityText";
import { reasonGroups, reasonNames, reasonParts, titleOf, type ReasonGroup } from "./summary";

/** How many pairs of alerts are drawn at once. */
const step = 50;

interface LinkProps {
  link: Reason;
  alerts: ReadonlyMap<string, Alert>;
  open: (id: string) => void;
}

function End({ id, alerts, open }: { id: string } & Omit<LinkProps, "link">) {
  const alert = alerts.get(id);
  return (
    <button type="button" className="text-button" onClick={() => { open(id); }}>
      {alert && <span className="muted figures">{clock(new Date(alert.time))}</span>} {alert ? titleOf(alert) : id}
    </button>
  );
}

function Link({ link, ...rest }: LinkProps) {
  return (
    <li>
      <End id={link.a} {...rest} />
      <span className="muted" aria-hidden="true">↔</span>
      <End id={link.b} {...rest} />
    </li>
  );
}

/** What analysts taught of a reason's name: shown once one of that name was rejected. */
function Learned({ name }: { name: string }) {
  const { t } = useI18n();
  const lesson = useHand().lessons.find(({ reason, rejected }) => reason === name && rejected > 0);
  if (!lesson) return null;
  const { confirmed, rejected, was, weight } = lesson;
  return (
    <span className="chip chip-limited" title={t("reasons.learned.why", { name: named(t, "reason", name), confirmed, rejected })}>
      {t("reasons.learned", { w: weight.toFixed(2), was: was.toFixed(2) })}
    </span>
  );
}

/** One part of a reason with its judgement, or the way to give one. */
function Part({ reason, of, incident }: { reason: string; of: string; incident: Incident }) {
  const { t } = useI18n();
  const { ask, decisions } = useHand();
  const judged = judging(reason, of, decisions);
  return (
    <li className="part">
      <span>{named(t, "reason", reason)}</span>
      <Code>{reasonText(of, incident)}</Code>
      <Learned name={reason} />
      {judged && (
        <span className={judged.kind === "reject" ? "chip chip-warn" : "chip chip-good"} title={judged.note}>
          {t(judged.kind === "reject" ? "reasons.rejected" : "reasons.confirmed", { by: judged.by ?? "" })}
        </span>
      )}
      {ask && !judged && reason !== "analyst" && (
        <span className="part-buttons">
          <Button size="small" onClick={() => { ask({ kind: "confirm", reason, of }); }}>{t("decide.confirm")}</Button>
          <Button size="small" danger onClick={() => { ask({ kind: "reject", reason, of }); }}>{t("decide.reject")}</Button>
        </span>
      )}
    </li>
  );
}

function Links({ group, ...rest }: { group: ReasonGroup } & Omit<LinkProps, "link">) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  return (
    <>
      <ul className="links">
        {group.links.slice(0, most).map((link) => <Link key={link.a + link.b} link={link} {...rest} />)}
      </ul>
      {group.links.length > most && (
        <Button size="small" type="link" onClick={() => { setMost(most + 10 * step); }}>{t("hosts.more", { n: group.links.length - most })}</Button>
      )}
    </>
  );
}

/** Whether an analyst rejected a part of a reason: it ties nothing any more. */
function Rejected({ group }: { group: ReasonGroup }) {
  const { t } = useI18n();
  const { decisions } = useHand();
  const by = reasonParts(group.reason, group.entity).map(({ reason, of }) => judging(reason, of, decisions)).find((judged) => judged?.kind === "reject");
  return by ? <span className="chip chip-warn">{t("reasons.rejected", { by: by.by ?? "" })}</span> : null;
}

function Group({ group, incident, alerts, open }: { group: ReasonGroup; incident: Incident } & Omit<LinkProps, "link">) {
  const { t } = useI18n();
  const [expanded, setExpanded] = useState(false);
  const names = reasonNames(group.reason);
  const { lessons } = useHand();
  const learned = lessons.some(({ reason, rejected }) => rejected > 0 && names.includes(reason));
  return (
    <li>
      <button
        type="button"
        className="reason"
        aria-expanded={expanded}
        title={t("reasons.expand")}
        onClick={() => { setExpanded(!expanded); }}
      >
        <span className="caret" aria-hidden="true" />
        <b>{names.map((name) => named(t, "reason", name)).join(" + ")} <Rejected group={group} /></b>
        <code title={group.entity}>{reasonText(group.entity, incident)}</code>
        <span className="figures">{t("reasons.pairs", { n: group.links.length })}</span>
        <span className="figures muted">{t("reasons.weight", { w: group.weight.toFixed(2) })}{learned && <b title={t("reasons.learned.mark")}> *</b>}</span>
      </button>
      {expanded && (
        <div className="reason-detail">
          <ul className="plain">
            {reasonParts(group.reason, group.entity).map((part) => <Part key={part.reason} {...part} incident={incident} />)}
          </ul>
          <Links group={group} alerts={alerts} open={open} />
        </div>
      )}
    </li>
  );
}

interface Props {
  incident: Incident;
  alerts: ReadonlyMap<string, Alert>;
  open: (id: string) => void;
}

/** Every reason for which alerts were merged, gathered by what it rests on, the strongest first. */
export function Reasons({ incident, alerts, open }: Props) {
  const { t } = useI18n();
  const reasons = incident.reasons ?? [];
  const groups = reasonGroups(reasons);
  return (
    <Panel title={t("incident.reasons")} id="reasons" className="reasons" extra={groups.length > 0 && t("reasons.ranked", { n: groups.length, pairs: t("reasons.pairs", { n: reasons.length }) })}>
      {groups.length === 0 ? (
        <p className="muted">{t("incident.reasons.empty")}</p>
      ) : (
        <ul className="plain">
          {groups.map((group) => (
            <Group key={group.id} group={group} incident={incident} alerts={alerts} open={open} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
