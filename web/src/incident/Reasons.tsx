import { useState } from "react";
import type { Alert, Incident, Reason } from "../api/types";
import { named, useI18n } from "../i18n";
import { Panel } from "../ui/Panel";
import { clock, count } from "../ui/format";
import { reasonText } from "./entityText";
import { reasonGroups, reasonNames, titleOf, type ReasonGroup } from "./summary";

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

function Group({ group, incident, alerts, open }: { group: ReasonGroup; incident: Incident } & Omit<LinkProps, "link">) {
  const { t } = useI18n();
  const [expanded, setExpanded] = useState(false);
  const names = reasonNames(group.reason).map((name) => named(t, "reason", name));
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
        <b>{names.join(" + ")}</b>
        <code title={group.entity}>{reasonText(group.entity, incident)}</code>
        <span className="figures">{t("reasons.pairs", { n: group.links.length })}</span>
        <span className="figures muted">{t("reasons.weight", { w: group.weight.toFixed(2) })}</span>
      </button>
      {expanded && (
        <ul className="links">
          {group.links.map((link) => (
            <Link key={link.a + link.b} link={link} alerts={alerts} open={open} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface Props {
  incident: Incident;
  alerts: ReadonlyMap<string, Alert>;
  open: (id: string) => void;
}

/** Every reason for which alerts were merged, gathered by what it rests on. */
export function Reasons({ incident, alerts, open }: Props) {
  const { t } = useI18n();
  const reasons = incident.reasons ?? [];
  const groups = reasonGroups(reasons);
  return (
    <Panel title={t("incident.reasons")} id="reasons" className="reasons" extra={count(reasons.length)}>
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
