import { Button } from "antd";
import { useState } from "react";
import type { Alert } from "../api/types";
import { named, useI18n } from "../i18n";
import { clock, count } from "../ui/format";
import { hostName } from "../ui/Hosts";
import { Panel } from "../ui/Panel";
import { Time } from "../ui/Time";
import { byTime, times, titleOf } from "./summary";

/** How many of the latest entries are drawn at once. */
const step = 200;

interface EntryProps {
  alert: Alert;
  /** Name the host. */
  hosts: boolean;
  day: string | undefined;
  open: (id: string) => void;
}

function Entry({ alert, hosts, day, open }: EntryProps) {
  const { t } = useI18n();
  const level = alert.rule?.level ?? "unknown";
  return (
    <li className={`entry entry-${level}`}>
      <span className="figures muted">
        <Time value={alert.time} as="clock" day={day} />
      </span>
      <span className="entry-dot" title={named(t, "level", level)} />
      <div>
        <button
          type="button"
          className="text-button"
          title={t("evidence.open", { title: titleOf(alert) })}
          onClick={() => { open(alert.id); }}
        >
          {titleOf(alert)}
        </button>
        <span className="entry-more muted">
          {hosts && <span>{hostName(alert.host)}</span>}
          {times(alert) > 1 && (
            <span className="repeats">
              {t("timeline.repeats", { n: times(alert), time: clock(new Date(alert.last ?? alert.time)) })}
            </span>
          )}
        </span>
      </div>
    </li>
  );
}

/** The alerts in the order in which they happened; new ones come at the end. */
export function Timeline({ alerts, open }: { alerts: readonly Alert[]; open: (id: string) => void }) {
  const { t } = useI18n();
  const [most, setMost] = useState(step);
  const ordered = byTime(alerts);
  const hidden = Math.max(ordered.length - most, 0);
  const severalHosts = new Set(ordered.map((alert) => alert.host.id)).size > 1;
  return (
    <Panel title={t("incident.timeline")} id="timeline" className="tall" extra={count(ordered.length)}>
      {hidden > 0 && (
        <Button size="small" block onClick={() => { setMost(most + step); }}>
          {t("timeline.more", { n: hidden })}
        </Button>
      )}
      <ol className="plain timeline">
        {ordered.slice(hidden).map((alert) => (
          <Entry key={alert.id} alert={alert} hosts={severalHosts} day={ordered.at(-1)?.time} open={open} />
        ))}
      </ol>
    </Panel>
  );
}
