import { Graph, layout as arrange, type EdgeLabel, type GraphLabel, type NodeLabel } from "@dagrejs/dagre";
import type { GraphNode } from "../api/types";
import type { Link } from "./links";

/** Pixels of a node, and of each process that it stands for when it is open. */
export const nodeWidth = 156;
export const nodeHeight = 40;
export const memberHeight = 18;

/** Pixels of the label of a line, and of each of its rows. */
const labelWidth = 58;
export const rowHeight = 12;

/** How many of the processes behind a node are listed in it. */
export const mostMembers = 12;

export interface Placed {
  node: GraphNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Drawn {
  link: Link;
  points: readonly { x: number; y: number }[];
  /** Where the label stands. */
  x: number;
  y: number;
}

export interface Layout {
  nodes: Placed[];
  links: Drawn[];
  width: number;
  height: number;
}

/** How many operations of a line its label names. */
export const mostOps = 2;

/** The rows of a line's label: its operations, and a last one for counts and bytes. */
export function rowsOf(link: Link): number {
  const ops = new Set(link.edges.map((edge) => edge.op)).size;
  return Math.min(ops, mostOps) + (link.bytes > 0 || link.count > link.edges.length || ops > mostOps ? 1 : 0);
}

/** The height of a node. */
export function heightOf(node: GraphNode, open: boolean): number {
  if (!open) return nodeHeight;
  const members = node.members?.length ?? 0;
  return nodeHeight + 6 + memberHeight * (Math.min(members, mostMembers) + ((node.count ?? members) > mostMembers ? 1 : 0));
}

/**
 * Places a graph from left to right in the direction in which control and data
 * flow. Nodes go in by when they were first touched, so that what leads back in
 * time is what is drawn backwards.
 */
export function layout(nodes: readonly GraphNode[], links: readonly Link[], open: ReadonlySet<string>, width = nodeWidth): Layout {
  const g = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  g.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 12, edgesep: 8, marginx: 14, marginy: 22 });
  const known = new Map(nodes.map((node) => [node.id, node]));
  for (const node of inOrder(nodes, links)) {
    g.setNode(node.id, { width, height: heightOf(node, open.has(node.id)) });
  }
  const drawn = links.filter((link) => known.has(link.from) && known.has(link.to) && link.from !== link.to);
  for (const link of drawn) g.setEdge(link.from, link.to, { width: labelWidth, height: rowHeight * rowsOf(link), labelpos: "c" });
  arrange(g);
  const size = g.graph();
  return {
    nodes: nodes.map((node) => ({ node, ...boxOf(g.node(node.id)) })),
    links: drawn.map((link) => {
      const edge = g.edge(link.from, link.to);
      return { link, points: edge.points ?? [], x: edge.x ?? 0, y: edge.y ?? 0 };
    }),
    width: size.width ?? 0,
    height: size.height ?? 0,
  };
}

function boxOf({ x = 0, y = 0, width, height }: NodeLabel) {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function inOrder(nodes: readonly GraphNode[], links: readonly Link[]): GraphNode[] {
  const first = new Map<string, number>();
  for (const link of links) {
    for (const id of [link.from, link.to]) first.set(id, Math.min(first.get(id) ?? Infinity, link.first));
  }
  return [...nodes].sort((a, b) => (first.get(a.id) ?? Infinity) - (first.get(b.id) ?? Infinity));
}

/** A smooth path through points. */
export function pathOf(points: readonly { x: number; y: number }[]): string {
  const [start, ...rest] = points;
  if (!start) return "";
  const last = rest.at(-1) ?? start;
  const bends = rest.slice(0, -1);
  let path = `M${start.x},${start.y}`;
  bends.forEach((bend, at) => {
    const next = bends[at + 1];
    const end = next ? { x: (bend.x + next.x) / 2, y: (bend.y + next.y) / 2 } : last;
    path += ` Q${bend.x},${bend.y} ${end.x},${end.y}`;
  });
  return bends.length > 0 ? path : `${path} L${last.x},${last.y}`;
}

/** The node that an arrow key leads to: along a line, or up and down. */
export function neighbour(placed: Layout, from: string, key: string): string | undefined {
  const box = placed.nodes.find(({ node }) => node.id === from);
  if (!box) return undefined;
  const middle = (each: Placed) => ({ x: each.x + each.width / 2, y: each.y + each.height / 2 });
  const here = middle(box);
  const ahead: Record<string, (dx: number, dy: number) => boolean> = {
    ArrowRight: (dx) => dx > 1, ArrowLeft: (dx) => dx < -1, ArrowDown: (_, dy) => dy > 1, ArrowUp: (_, dy) => dy < -1,
  };
  const test = ahead[key];
  if (!test) return undefined;
  const sideways = key === "ArrowRight" || key === "ArrowLeft";
  const linked = new Set(placed.links.flatMap(({ link }) => (link.from === from ? [link.to] : link.to === from ? [link.from] : [])));
  let best: string | undefined;
  let least = Infinity;
  for (const each of placed.nodes) {
    const { x, y } = middle(each);
    const [dx, dy] = [x - here.x, y - here.y];
    if (each.node.id === from || !test(dx, dy)) continue;
    // What a line leads to is near; what is aside of the way is far.
    const cost = (sideways ? Math.abs(dx) + 2 * Math.abs(dy) : Math.abs(dy) + 3 * Math.abs(dx)) - (sideways && linked.has(each.node.id) ? 1e6 : 0);
    if (cost < least) [best, least] = [each.node.id, cost];
  }
  return best;
}

/** Steps of the zoom; below that of legible, a graph is an overview. */
export const zooms = [0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1, 1.25, 1.5] as const;
export const legible = 0.75;

/** The step at which a graph fits into so many pixels, but none below the least. */
export function fitting(width: number, room: number, least: (typeof zooms)[number]): number {
  const step = zooms.findLastIndex((zoom) => zoom <= 1 && zoom * width <= room);
  return Math.max(step, zooms.indexOf(least));
}
