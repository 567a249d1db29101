import type { Alert, Entity, Graph, GraphEdge, GraphNode, Incident, IncidentProcess } from "../api/types";
import { reasonText } from "../incident/entityText";
import { bare, outside, reasonParts, times, titleOf } from "../incident/summary";
import { hostName } from "../ui/Hosts";

// An incident as a graph of the kind that provenance draws: hosts on the left,
// alerts in the middle, what they share on the right. The operation of an edge is
// the reason that alerts were merged for; an entity that is no reason has "names".

/** Past so many groups of alerts by rule and host, hosts are no longer told apart. */
const mostGroups = 30;
/** How many nodes are drawn; the rest is counted. */
const mostNodes = 80;
/** So many nodes with the same lines are drawn as one. */
const alike = 3;

/** The shape of what a reason rests on; a name, a template, a session is none of them. */
const shapes = new Map([
  ["file_flow", "file"], ["file", "file"], ["path_template", "file"], ["hash", "hash"], ["address", "socket"], ["source", "socket"],
  ["domain", "domain"], ["domain_provider", "domain"], ["url", "domain"], ["container", "container"], ["process", "process"],
]);

/** The shapes of entities that alerts name; what else they name only counts as a reason. */
const named = new Map([["file", "file"], ["hash", "hash"], ["ip", "socket"], ["domain", "domain"], ["container", "container"], ["process", "process"]]);

interface Draft {
  nodes: Map<string, GraphNode>;
  edges: Map<string, GraphEdge>;
}

function link(draft: Draft, from: string, to: string, op: string, time: string) {
  const id = `${from}\n${to}\n${op}`;
  const old = draft.edges.get(id);
  if (!old) draft.edges.set(id, { from, to, op, first: time, last: time, count: 1, bytes: 0 });
  else {
    old.count += 1;
    if (time < old.first) old.first = time;
    if (time > old.last) old.last = time;
  }
}

/** Alerts of one rule on one host are one node, or of one rule where those are too many. */
function grouping(alerts: readonly Alert[]): (alert: Alert) => string {
  const fine = (alert: Alert) => `alert\n${titleOf(alert)}\n${alert.host.id}`;
  return new Set(alerts.map(fine)).size <= mostGroups ? fine : (alert) => `alert\n${titleOf(alert)}`;
}

function addAlerts(draft: Draft, alerts: readonly Alert[], groupOf: (alert: Alert) => string) {
  for (const alert of alerts) {
    const id = groupOf(alert);
    const members = [...(draft.nodes.get(id)?.members ?? []), alert.id];
    draft.nodes.set(id, { id, type: "alert", label: titleOf(alert), roles: ["alert"], members, count: members.length });
    const host = `host\n${alert.host.id}`;
    draft.nodes.set(host, { id: host, type: "host", label: hostName(alert.host) });
    for (let n = 0; n < times(alert); n++) link(draft, host, id, "", alert.time);
  }
}

function labelOf(type: string, value: string, incident: Incident, processes: ReadonlyMap<string, IncidentProcess>): Partial<GraphNode> & { label: string } {
  const process = processes.get(value);
  if (process) return { label: process.command_line || process.executable || value, executable: process.executable };
  // A container's entity has its name as the role; an id says nothing to anybody.
  const container = type === "container" && incident.entities?.find((entity) => entity.type === type && entity.value === value);
  if (container && container.role) return { label: container.role };
  return { label: type === "file" ? bare({ type: "file", value: reasonText(value, incident) }) : reasonText(value, incident).replace(/^sha256:/, "") };
}

/** Every reason: what it rests on, between the alerts that it joins. */
function addReasons(draft: Draft, incident: Incident, alerts: ReadonlyMap<string, Alert>, groupOf: (alert: Alert) => string, processes: ReadonlyMap<string, IncidentProcess>) {
  const byInode = new Map((incident.entities ?? []).flatMap((entity) => (entity.inode ? [[entity.inode, entity.value] as const] : [])));
  for (const { a, b, reason, entity = "" } of incident.reasons ?? []) {
    const parts = reasonParts(reason, entity);
    for (const { reason: name, of } of parts.length > 0 ? parts : [{ reason, of: entity }]) {
      const type = shapes.get(name) ?? "tie";
      const value = byInode.get(of) ?? of;
      const id = `${type}\n${value}`;
      for (const end of [alerts.get(a), alerts.get(b)]) {
        if (!end) continue;
        draft.nodes.set(id, { id, type, roles: type === "socket" || type === "domain" ? ["peer"] : [], ...labelOf(type, value, incident, processes) });
        link(draft, groupOf(end), id, name, end.time);
      }
    }
  }
}

const brought = new Set(["written", "image"]);

function rolesOf(entity: Entity): string[] {
  if (entity.type === "file" && brought.has(entity.role ?? "")) return ["brought"];
  return entity.type === "domain" || (entity.type === "ip" && outside(entity.value)) ? ["peer"] : [];
}

/** What alerts name beside the reasons: files, addresses, domains, containers, processes. */
function addEntities(draft: Draft, incident: Incident, alerts: readonly Alert[], groupOf: (alert: Alert) => string, processes: ReadonlyMap<string, IncidentProcess>) {
  for (const alert of alerts) {
    const group = groupOf(alert);
    for (const entity of alert.entities ?? []) {
      const type = named.get(entity.type);
      if (!type || entity.role === "system" || entity.role === "parent") continue;
      const id = `${type}\n${entity.value}`;
      const tied = draft.nodes.get(id);
      const roles = rolesOf(entity);
      if (!tied) draft.nodes.set(id, { id, type, roles, ...labelOf(type, entity.value, incident, processes) });
      else if (roles.length > 0) tied.roles = roles;
      const reasons = [...draft.edges.values()].some((edge) => edge.from === group && edge.to === id && edge.op !== "names");
      if (!reasons) link(draft, group, id, "names", alert.time);
    }
  }
}

/** Draws as one what has the same shape and the same lines: fifty files of one rule say no more than one. */
function collapse(draft: Draft) {
  const lines = new Map<string, string[]>();
  for (const { from, to, op } of draft.edges.values()) {
    lines.set(from, [...(lines.get(from) ?? []), `>${to} ${op}`]);
    lines.set(to, [...(lines.get(to) ?? []), `<${from} ${op}`]);
  }
  const classes = new Map<string, GraphNode[]>();
  for (const node of draft.nodes.values()) {
    if (node.type === "alert") continue;
    const key = JSON.stringify([node.type, (lines.get(node.id) ?? []).sort()]);
    classes.set(key, [...(classes.get(key) ?? []), node]);
  }
  const into = new Map<string, string>();
  for (const nodes of classes.values()) {
    const [first] = nodes;
    if (!first || nodes.length < alike) continue;
    for (const { id } of nodes) {
      draft.nodes.delete(id);
      into.set(id, first.id);
    }
    draft.nodes.set(first.id, { ...first, count: nodes.length, members: nodes.map(({ label }) => label) });
  }
  const edges = [...draft.edges.values()];
  draft.edges.clear();
  for (const edge of edges) {
    const [from, to] = [into.get(edge.from) ?? edge.from, into.get(edge.to) ?? edge.to];
    const id = `${from}\n${to}\n${edge.op}`;
    const old = draft.edges.get(id);
    draft.edges.set(id, old ? { ...old, count: old.count + edge.count } : { ...edge, from, to });
  }
}

/** Keeps the alerts that are most and what ties most of them; the rest is counted. */
function bound(draft: Draft): Graph {
  const degree = new Map<string, number>();
  for (const { from, to, op } of draft.edges.values()) {
    for (const id of [from, to]) degree.set(id, (degree.get(id) ?? 0) + (op === "names" ? 1 : 3));
  }
  const weight = (node: GraphNode) => (node.type === "alert" ? 1000 + (node.count ?? 0) : (degree.get(node.id) ?? 0));
  const all = [...draft.nodes.values()].sort((x, y) => weight(y) - weight(x) || x.id.localeCompare(y.id));
  const alerts = all.filter(({ type }) => type === "alert").slice(0, mostNodes / 2);
  const others = all.filter(({ type }) => type !== "alert").slice(0, mostNodes - alerts.length);
  const kept = new Set([...alerts, ...others].map(({ id }) => id));
  return {
    nodes: [...alerts, ...others],
    edges: [...draft.edges.values()].filter(({ from, to }) => kept.has(from) && kept.has(to)),
    left: all.length - kept.size,
  };
}

/** The incident as a graph of what alerts share, small enough to be read. */
export function cluster(incident: Incident, alerts: readonly Alert[], processes: readonly IncidentProcess[]): Graph {
  const draft: Draft = { nodes: new Map(), edges: new Map() };
  const byKey = new Map(processes.map((process) => [process.key, process]));
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  const groupOf = grouping(alerts);
  addAlerts(draft, alerts, groupOf);
  addReasons(draft, incident, byId, groupOf, byKey);
  addEntities(draft, incident, alerts, groupOf, byKey);
  collapse(draft);
  return bound(draft);
}

/** What is lit when a node or line is chosen: it, its lines, and their other ends. */
export function around(id: string, links: readonly { id: string; from: string; to: string }[]): Set<string> {
  const near = links.filter((each) => each.id === id || each.from === id || each.to === id);
  return new Set([id, ...near.flatMap((each) => [each.id, each.from, each.to])]);
}

