import { MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useMemo, useRef, useState } from "react";
import type { Graph, GraphNode, Intrusion } from "../api/types";
import { useI18n } from "../i18n";
import { count } from "../ui/format";
import { HeldBar } from "../ui/HeldBar";
import { Panel } from "../ui/Panel";
import { Brush } from "./Brush";
import { Drawing } from "./Drawing";
import { fitting, layout, legible, zooms } from "./layout";
import { Legend } from "./Legend";
import { linksOf } from "./links";
import { SelectionDrawer, type Selection } from "./SelectionDrawer";
import { useSteady } from "./useSteady";
import { inside, type Window } from "./window";

interface Props {
  graph: Graph;
  host: string;
  intrusion: Intrusion | undefined;
  /** Continues the way back in stored telemetry; none where that cannot be, or was done. */
  onStored?: (() => void) | undefined;
}

function toggled(set: ReadonlySet<string>, id: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** What is not in the drawing, and why; and what continues it in stored telemetry. */
function Missing({ graph, onStored }: { graph: Graph; onStored: (() => void) | undefined }) {
  const { t } = useI18n();
  return (
    <>
      {graph.stopped && <span className="chip chip-limited" title={graph.stopped}>{t("prov.stopped", { why: graph.stopped })}</span>}
      {graph.stopped && onStored && <Button size="small" onClick={onStored}>{t("prov.stored.continue")}</Button>}
      {graph.stored && <span>{t("prov.stored.read", { n: count(graph.stored.events) })}</span>}
      {(graph.left ?? 0) > 0 && <span>{t("prov.left", { n: graph.left ?? 0 })}</span>}
    </>
  );
}

/** Smaller, larger, or all of it. */
export function Zoom({ step, whole, onStep }: { step: number; whole: number; onStep: (step: number) => void }) {
  const { t } = useI18n();
  return (
    <>
      <Button size="small" disabled={step === whole} onClick={() => { onStep(whole); }}>{t("prov.zoom.whole")}</Button>
      <Button size="small" icon={<MinusOutlined />} aria-label={t("prov.zoom.out")} title={t("prov.zoom.out")} disabled={step === 0} onClick={() => { onStep(step - 1); }} />
      <Button size="small" icon={<PlusOutlined />} aria-label={t("prov.zoom.in")} title={t("prov.zoom.in")} disabled={step === zooms.length - 1} onClick={() => { onStep(step + 1); }} />
    </>
  );
}

/** The provenance graph with its time window; a click leads to raw events. */
export function GraphPanel({ graph, host, intrusion, onStored }: Props) {
  const { t } = useI18n();
  const area = useRef<HTMLDivElement>(null);
  const [chosen, setStep] = useState<number>();
  const [window, setWindow] = useState<Window>();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState<string>();
  const [selection, setSelection] = useState<Selection>();
  const { shown, held, release } = useSteady(graph, area, selection !== undefined);
  const links = useMemo(() => linksOf(shown), [shown]);
  const placed = useMemo(() => layout(shown.nodes ?? [], links, open), [shown, links, open]);
  const room = document.documentElement.clientWidth - 64;
  const step = chosen ?? fitting(placed.width, room, legible);
  const lit = useMemo(() => window && inside(links, window), [links, window]);
  const names = useMemo(
    () => new Map((intrusion?.processes ?? []).map((process) => [process.key, process.command_line ?? process.executable ?? process.key])),
    [intrusion],
  );
  const nameOf = (process: string) => names.get(process) ?? t("tree.pid", { pid: process.split("/")[2] ?? process });
  const nodes = shown.nodes ?? [];
  return (
    <Panel
      title={t("prov.graph")}
      id="graph"
      className="flush graph-panel"
      extra={<><Missing graph={shown} onStored={onStored} /><Zoom step={step} whole={fitting(placed.width, room, zooms[0])} onStep={setStep} /></>}
    >
      {nodes.length === 0 ? (
        <p className="muted graph-empty">{t("prov.empty")}</p>
      ) : (
        <div ref={area}>
          <HeldBar text={held > 0 ? t("prov.held", { n: held }) : undefined} release={release} />
          <Drawing
            layout={placed}
            zoom={zooms[step] ?? 1}
            lit={lit}
            selected={selection?.id}
            current={current}
            open={open}
            nameOf={nameOf}
            onCurrent={setCurrent}
            onNode={(node: GraphNode, member) => { setSelection({ id: node.id, member }); }}
            onLink={(link) => { setSelection({ id: link.id }); }}
            onToggle={(node) => { setOpen(toggled(open, node.id)); }}
          />
          <Brush links={links} window={window} onWindow={setWindow} />
          <Legend />
        </div>
      )}
      <SelectionDrawer selection={selection} nodes={nodes} links={links} host={host} nameOf={nameOf} select={setSelection} intrusion={intrusion} />
    </Panel>
  );
}
