import { Button } from "antd";
import { useMemo, useRef, useState } from "react";
import type { Alert, IncidentProcess } from "../api/types";
import { useI18n } from "../i18n";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { ProcessRow } from "./ProcessRow";
import { buildTree, flatten } from "./tree";
import { treeKey } from "./treeKeys";

/** How many rows are drawn at once. */
const step = 300;

interface Props {
  processes: readonly IncidentProcess[];
  alerts: ReadonlyMap<string, Alert>;
  open: (id: string) => void;
}

function toggled(set: ReadonlySet<string>, key: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** The latest start among processes. */
function latest(processes: readonly IncidentProcess[]): string | undefined {
  return processes.reduce<string | undefined>((last, { start }) => (start && (!last || start > last) ? start : last), undefined);
}

/** The rows of the tree, walked with the arrow keys. */
function Rows({ processes, alerts, open }: Props) {
  const { t } = useI18n();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [detailed, setDetailed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState<string>();
  const [most, setMost] = useState(step);
  const list = useRef<HTMLDivElement>(null);
  const byKey = useMemo(() => new Map(processes.map((process) => [process.key, process])), [processes]);
  const rows = useMemo(() => flatten(buildTree(processes), closed), [processes, closed]);
  const focused = rows.some((row) => row.process.key === current) ? current : rows[0]?.process.key;
  const day = useMemo(() => latest(processes), [processes]);
  const severalHosts = new Set(processes.map((process) => process.host.id)).size > 1;

  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = treeKey(event.key, rows, closed, focused);
    if (!move) return;
    event.preventDefault();
    if (move.toggle) setClosed(toggled(closed, move.toggle));
    if (move.detail) setDetailed(toggled(detailed, move.detail));
    if (!move.focus) return;
    setCurrent(move.focus);
    const drawn = list.current?.querySelectorAll<HTMLElement>("[data-key]") ?? [];
    [...drawn].find((row) => row.dataset.key === move.focus)?.focus();
  };

  return (
    <div role="tree" aria-label={t("incident.tree")} className="tree" ref={list} onKeyDown={onKeyDown}>
      {rows.slice(0, most).map((row) => (
        <ProcessRow
          key={row.process.key}
          node={row}
          parent={byKey.get(row.process.parent)}
          alerts={alerts}
          day={day}
          showHost={severalHosts && row.depth === 0}
          expanded={!closed.has(row.process.key)}
          detailed={detailed.has(row.process.key)}
          focusable={row.process.key === focused}
          onToggle={() => { setClosed(toggled(closed, row.process.key)); }}
          onDetail={() => {
            setCurrent(row.process.key);
            setDetailed(toggled(detailed, row.process.key));
          }}
          onAlert={open}
        />
      ))}
      {rows.length > most && (
        <Button size="small" block onClick={() => { setMost(most + step); }}>
          {t("tree.more", { n: rows.length - most })}
        </Button>
      )}
    </div>
  );
}

/** Who started what: the processes of the incident as trees. */
export function ProcessTree(props: Props) {
  const { t } = useI18n();
  return (
    <Panel title={t("incident.tree")} id="tree" className="tall" extra={count(props.processes.length)}>
      {props.processes.length === 0 ? <p className="muted">{t("incident.tree.empty")}</p> : <Rows {...props} />}
    </Panel>
  );
}
