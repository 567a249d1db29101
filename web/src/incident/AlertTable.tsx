import { Button, Checkbox } from "antd";
import { useMemo, useState } from "react";
import { columns } from "../alerts/columns";
import type { Alert } from "../api/types";
import { useHand } from "../decisions/hand";
import { useI18n } from "../i18n";
import { DataTable, type Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { byTime, titleOf } from "./summary";

interface Props {
  alerts: readonly Alert[];
  open: (id: string) => void;
  /** The alert whose evidence is open. */
  current: string | undefined;
}

type Chosen = ReadonlySet<string>;

function toggled(chosen: Chosen, id: string): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** What an analyst does with the alerts that are chosen. */
function Bar({ chosen, alerts, choose }: { chosen: readonly string[]; alerts: readonly Alert[]; choose: (chosen: Chosen) => void }) {
  const { t } = useI18n();
  const { ask } = useHand();
  if (!ask) return null;
  // A split that leaves nothing is no split: the server refuses it too.
  const whole = chosen.length === alerts.length;
  return (
    <div className="chosen">
      <span className="muted">{chosen.length > 0 ? t("decide.chosen", { n: chosen.length }) : t("decide.choose")}</span>
      {chosen.length > 0 && (
        <>
          <Button size="small" disabled={whole} title={whole ? t("decide.split.all") : undefined} onClick={() => { ask({ kind: "split", alerts: chosen }); }}>{t("decide.split")}</Button>
          <Button size="small" onClick={() => { ask({ kind: "move", alerts: chosen }); }}>{t("decide.move")}</Button>
          <Button size="small" type="text" onClick={() => { choose(new Set()); }}>{t("decide.choose.none")}</Button>
        </>
      )}
    </div>
  );
}

/** The alerts of an incident in the order in which they first fired; analysts choose some to split off or move. */
export function AlertTable({ alerts, open, current }: Props) {
  const { t } = useI18n();
  const { ask } = useHand();
  const [chosen, setChosen] = useState<Chosen>(new Set());
  const may = ask !== undefined;
  const heads = useMemo(() => {
    const box: Column<Alert> = {
      key: "choose",
      title: "",
      width: "34px",
      cell: (alert) => (
        <span role="presentation" onClick={(event) => { event.stopPropagation(); }}>
          <Checkbox
            aria-label={t("decide.choose.label", { title: titleOf(alert) })}
            checked={chosen.has(alert.id)}
            onChange={() => { setChosen((old) => toggled(old, alert.id)); }}
          />
        </span>
      ),
    };
    return [...(may ? [box] : []), ...columns(t, open, false)];
  }, [t, open, may, chosen]);
  const ordered = useMemo(() => byTime(alerts), [alerts]);
  // Of those that left the incident meanwhile nothing is decided.
  const here = ordered.map((alert) => alert.id).filter((id) => chosen.has(id));
  return (
    <Panel title={t("incident.alerts")} id="alerts" className="flush" extra={<><Bar chosen={here} alerts={ordered} choose={setChosen} />{count(alerts.length)}</>}>
      <DataTable<Alert>
        label={t("incident.alerts")}
        columns={heads}
        rows={ordered}
        pageSize={50}
        rowClass={(alert) => `row-link row-${alert.rule?.level ?? "unknown"}${alert.id === current ? " row-current" : ""}`}
        onRow={(alert) => { open(alert.id); }}
      />
    </Panel>
  );
}
