import { Button } from "antd";
import { useMemo, useRef, useState } from "react";
import type { Alert, Graph, GraphNode, Incident, IncidentProcess } from "../api/types";
import { named, useI18n, type Translate } from "../i18n";
import { reasonNames, titleOf } from "../incident/summary";
import { Drawing } from "../provenance/Drawing";
import { Zoom } from "../provenance/GraphPanel";
import { fitting, layout, legible, zooms } from "../provenance/layout";
import { linksOf, type Link } from "../provenance/links";
import { useSteady } from "../provenance/useSteady";
import { clock } from "../ui/format";
import { HeldBar } from "../ui/HeldBar";
import { hostName } from "../ui/Hosts";
import { Panel } from "../ui/Panel";
import { around, cluster } from "./cluster";

/** Pixels of a node: titles of alerts are longer than names of programs. */
const nodeWidth = 216;

/** A reason in the few letters that a line has room for. */
function short(op: string, t: Translate): string {
  return op === "" || op === "names" ? "" : reasonNames(op).map((name) => named(t, "reason.short", name)).join("+");
}

const labelled = (graph: Graph, t: Translate): Graph => ({
  ...graph,
  edges: (graph.edges ?? []).map((edge) => ({ ...edge, op: short(edge.op, t) })),
});

interface SelectionProps {
  node: GraphNode | undefined;
  link: Link | undefined;
  nodes: ReadonlyMap<string, GraphNode>;
  nameOf: (member: string) => string;
  open: (id: string) => void;
}

/** What is chosen, in full: the drawing has room for a few letters only. */
function Chosen({ node, link, nodes, nameOf, open }: SelectionProps) {
  const { t } = useI18n();
  if (link) {
    const [from, to] = [nodes.get(link.from), nodes.get(link.to)];
    const why = [...new Set(link.edges.map(({ op }) => op))].filter(Boolean).join(", ");
    return <p className="cluster-chosen"><b>{from?.label}</b> — {why && <span className="chip">{why}</span>} {t("cluster.times", { n: link.count })} — <code>{to?.label}</code></p>;
  }
  if (!node) return <p className="cluster-chosen muted">{t("cluster.hint")}</p>;
  const first = node.type === "alert" ? node.members?.[0] : undefined;
  const others = node.type !== "alert" && (node.count ?? 1) > 1 ? (node.members ?? []).slice(0, 30).map(nameOf).join(" · ") : node.label;
  return (
    <p className="cluster-chosen">
      <span className="muted">{named(t, "node", node.type)}</span> {node.type === "alert" ? <b>{node.label}</b> : <code>{others}</code>}
      {first !== undefined && <Button size="small" type="link" onClick={() => { open(first); }}>{t("evidence.open", { title: t("tree.alerts", { n: node.count ?? 1 }) })}</Button>}
    </p>
  );
}

interface Props {
  incident: Incident;
  alerts: readonly Alert[];
  processes: readonly IncidentProcess[];
  open: (id: string) => void;
}

/** What the alerts of an incident share, as a graph: hosts, alerts, and what ties them. */
export function ClusterPanel({ incident, alerts, processes, open }: Props) {
  const { t } = useI18n();
  const area = useRef<HTMLDivElement>(null);
  const [chosenStep, setStep] = useState<number>();
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState<string>();
  const [selected, setSelected] = useState<string>();
  const graph = useMemo(() => labelled(cluster(incident, alerts, processes), t), [incident, alerts, processes, t]);
  const { shown, held, release } = useSteady(graph, area, selected !== undefined);
  const links = useMemo(() => linksOf(shown), [shown]);
  const placed = useMemo(() => layout(shown.nodes ?? [], links, unfolded, nodeWidth), [shown, links, unfolded]);
  const byAlert = useMemo(() => new Map(alerts.map((alert) => [alert.id, alert])), [alerts]);
  const nodes = new Map((shown.nodes ?? []).map((node) => [node.id, node]));
  const nameOf = (member: string) => {
    const alert = byAlert.get(member);
    return alert ? `${clock(new Date(alert.time))} ${hostName(alert.host)} ${titleOf(alert)}` : member;
  };
  const room = document.documentElement.clientWidth - 64;
  const step = chosenStep ?? fitting(placed.width, room, legible);
  const whole = Math.min(fitting(placed.width, room, zooms[0]), fitting(placed.height, 0.7 * document.documentElement.clientHeight, zooms[0]));
  const choose = (id: string) => { setSelected(id === selected ? undefined : id); };
  const link = links.find(({ id }) => id === selected);
  return (
    <Panel
      title={t("incident.cluster")}
      id="cluster"
      className="flush graph-panel cluster"
      extra={
        <>
          {(shown.left ?? 0) > 0 && <span>{t("prov.left", { n: shown.left ?? 0 })}</span>}
          <Zoom step={step} whole={whole} onStep={setStep} />
        </>
      }
    >
      <div ref={area}>
        <HeldBar text={held > 0 ? t("prov.held", { n: held }) : undefined} release={() => { setSelected(undefined); release(); }} />
        <Drawing
          label={t("cluster.label")}
          layout={placed}
          zoom={zooms[step] ?? 1}
          lit={selected === undefined ? undefined : around(selected, links)}
          selected={selected}
          current={current}
          open={unfolded}
          nameOf={nameOf}
          onCurrent={setCurrent}
          onNode={(node, member) => { if (member && byAlert.has(member)) open(member); else choose(node.id); }}
          onLink={(each) => { choose(each.id); }}
          onToggle={(node) => {
            const next = new Set(unfolded);
            if (!next.delete(node.id)) next.add(node.id);
            setUnfolded(next);
          }}
        />
        <Chosen node={selected === undefined ? undefined : nodes.get(selected)} link={link} nodes={nodes} nameOf={nameOf} open={open} />
      </div>
    </Panel>
  );
}
