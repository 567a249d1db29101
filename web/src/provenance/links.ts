import type { Graph, GraphEdge, GraphNode } from "../api/types";

/** What goes from one node to another: one line of the drawing. */
export interface Link {
  id: string;
  from: string;
  to: string;
  /** In order of time. */
  edges: readonly GraphEdge[];
  /** Milliseconds of the first and the last of it. */
  first: number;
  last: number;
  count: number;
  bytes: number;
}

const ms = (text: string) => Date.parse(text);

/** The lines of a graph, in order of time: edges between the same two nodes are one. */
export function linksOf(graph: Graph): Link[] {
  const links = new Map<string, GraphEdge[]>();
  for (const edge of graph.edges ?? []) {
    const id = `${edge.from}\n${edge.to}`;
    links.set(id, [...(links.get(id) ?? []), edge]);
  }
  return [...links].map(([id, edges]) => {
    edges.sort((a, b) => ms(a.first) - ms(b.first));
    return {
      id,
      from: edges[0]?.from ?? "",
      to: edges[0]?.to ?? "",
      edges,
      first: Math.min(...edges.map((edge) => ms(edge.first))),
      last: Math.max(...edges.map((edge) => ms(edge.last))),
      count: edges.reduce((sum, edge) => sum + edge.count, 0),
      bytes: edges.reduce((sum, edge) => sum + edge.bytes, 0),
    };
  }).sort((a, b) => a.first - b.first);
}

/** Whether the line's target, not its source, is the process that acted. */
const received = new Set(["fork", "exec", "read", "accept", "start"]);

/** The id of the node whose process did what an edge says. */
export function actorOf(edge: GraphEdge): string {
  return received.has(edge.op) ? edge.to : edge.from;
}

/** The boot in the key of a process: HOST/BOOT/PID/START. */
function bootOf(key: string | undefined): string | undefined {
  const parts = key?.split("/") ?? [];
  return parts.length === 4 ? parts[1] : undefined;
}

/** A place in a host's log, and the process that acted there. */
export interface Spot {
  around: string;
  boot?: string | undefined;
  process?: string | undefined;
}

/** The process of a node that stands for no others. */
function alone(node: GraphNode | undefined): string | undefined {
  return node && (node.count ?? 1) < 2 ? node.process : undefined;
}

/** Where the raw events behind an edge are. */
export function spotOfEdge(edge: GraphEdge, nodes: ReadonlyMap<string, GraphNode>): Spot {
  const actor = nodes.get(actorOf(edge));
  const boot = edge.boot ?? bootOf(actor?.process);
  const numbered = edge.seq !== undefined && edge.seq > 0 && boot !== undefined;
  return { around: numbered ? String(edge.seq) : edge.first, boot, process: alone(actor) };
}

/** Where the raw events of a node begin; none where no time is known of it. */
export function spotOfNode(node: GraphNode, links: readonly Link[], nodes: ReadonlyMap<string, GraphNode>): Spot | undefined {
  const edges = links.filter((link) => link.from === node.id || link.to === node.id).flatMap((link) => link.edges);
  const own = edges.filter((edge) => actorOf(edge) === node.id);
  const first = (own.length > 0 ? own : edges).reduce<GraphEdge | undefined>(
    (least, edge) => (least && ms(least.first) <= ms(edge.first) ? least : edge), undefined);
  if (first) return spotOfEdge(first, nodes);
  return node.time ? { around: node.time, boot: bootOf(node.process), process: alone(node) } : undefined;
}

/** What a node is marked as, the most telling first. */
const telling = ["alert", "entry", "persistence", "brought", "sensitive", "peer", "hub", "path"];

export function rolesOf(node: GraphNode): string[] {
  const at = (role: string) => (telling.includes(role) ? telling.indexOf(role) : telling.length);
  return [...(node.roles ?? [])].sort((a, b) => at(a) - at(b));
}
