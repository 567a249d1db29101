import { Button } from "antd";
import { useState } from "react";
import type { Alert, Incident, Intrusion, Sibling } from "../api/types";
import { useHand } from "../decisions/hand";
import { demoting } from "../decisions/wish";
import { named, useI18n } from "../i18n";
import { Code } from "../ui/Code";
import { CopyButton } from "../ui/Copy";
import { count } from "../ui/format";
import { hostName } from "../ui/Hosts";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { containment, hostsReached, type HostToHandle, type ToHandle } from "./summary";

/** How many of a kind are listed at once; all of them are copied. */
const step = 20;

function More({ hidden, show }: { hidden: number; show: () => void }) {
  const { t } = useI18n();
  if (hidden <= 0) return null;
  return <dd><Button size="small" type="link" onClick={show}>{t("hosts.more", { n: hidden })}</Button></dd>;
}

function HostRows({ hosts }: { hosts: readonly HostToHandle[] }) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  return (
    <>
      <dt>{t("incident.hosts")} <span>{count(hosts.length)}</span></dt>
      {hosts.slice(0, most).map(({ host, alerts, last }) => (
        <dd key={host.id}>
          <Code>{hostName(host)}</Code>
          {last && <span className="contain-note figures">{t("tree.alerts", { n: alerts })} · <Time value={last} as="ago" /></span>}
        </dd>
      ))}
      <More hidden={hosts.length - most} show={() => { setMost(most + 10 * step); }} />
    </>
  );
}

/** Hosts of the same services that were not hit: where the cleaner goes next. */
function SiblingRows({ siblings, more }: { siblings: readonly Sibling[]; more: number }) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  if (siblings.length === 0) return null;
  const hidden = siblings.length - most;
  return (
    <>
      <dt>{t("contain.siblings")} <span>{count(siblings.length + more)}</span></dt>
      {siblings.slice(0, most).map((host) => (
        <dd key={host.id}>
          <Code>{hostName(host)}</Code>
          <span className="contain-note">{host.service}</span>
        </dd>
      ))}
      <More hidden={hidden} show={() => { setMost(most + 10 * step); }} />
      {hidden <= 0 && more > 0 && <dd className="muted">{t("contain.siblings.more", { n: more })}</dd>}
    </>
  );
}

function ValueRows({ type, values }: { type: string; values: readonly ToHandle[] }) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  return (
    <>
      <dt>{type === "ip" ? t("contain.ip") : named(t, "entity", type)} <span>{count(values.length)}</span></dt>
      {values.slice(0, most).map(({ value, gone }) => (
        <dd key={value} className={gone ? "past" : ""}>
          <Code>{value}</Code>
          {gone && <span className="contain-note">{t("contain.gone")}</span>}
        </dd>
      ))}
      <More hidden={values.length - most} show={() => { setMost(most + 10 * step); }} />
    </>
  );
}

interface Props {
  incident: Incident;
  alerts: readonly Alert[];
  intrusions: readonly Intrusion[];
}

/** What is still to be acted on: the hosts reached, the peers to block, the files to remove. */
export function Contain({ incident, alerts, intrusions }: Props) {
  const { t } = useI18n();
  const { decisions } = useHand();
  const groups = [...containment(incident, intrusions, (entity) => demoting(entity, decisions) !== undefined)];
  const all = groups.flatMap(([, values]) => values.filter(({ gone }) => !gone).map(({ value }) => value)).join("\n");
  return (
    <Panel
      title={t("incident.contain")}
      id="contain"
      className="contain"
      extra={all !== "" && <CopyButton text={all} label={t("incident.contain.copy")} />}
    >
      <dl>
        <HostRows hosts={hostsReached(incident, alerts)} />
        <SiblingRows siblings={incident.siblings ?? []} more={incident.more_siblings ?? 0} />
        {groups.map(([type, values]) => <ValueRows key={type} type={type} values={values} />)}
      </dl>
      {groups.length === 0 && <p className="muted">{t("incident.contain.empty")}</p>}
    </Panel>
  );
}
