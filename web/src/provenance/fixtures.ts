import type { Graph, GraphEdge, GraphNode, Intrusion } from "../api/types";

/** The time that is so many seconds after the start. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + seconds * 1000).toISOString();

/** A process node for tests; its key has the boot b. */
export function node(id: string, more: Partial<GraphNode> = {}): GraphNode {
  return { id, type: "process", label: `/bin/${id}`, executable: `/bin/${id}`, process: `h1/b/${id}/1`, ...more };
}

/** An edge for tests, with what matters given. */
export function edge(from: string, op: string, to: string, first: number, more: Partial<GraphEdge> = {}): GraphEdge {
  return { from, op, to, first: at(first), last: at(first), count: 1, bytes: 0, ...more };
}

/** A shell that fetches a program from a peer and runs it. */
export function graph(more: Partial<Graph> = {}): Graph {
  return {
    entry: "sh",
    nodes: [
      node("sh", { roles: ["path", "entry"] }),
      node("curl", { exited: true }),
      node("t", { roles: ["alert"] }),
      { id: "f", type: "file", label: "/dev/shm/t", path: "/dev/shm/t", roles: ["brought"], gone: true },
      { id: "p", type: "socket", label: "203.0.113.9:80", roles: ["peer"] },
    ],
    edges: [
      edge("sh", "fork", "curl", 1, { seq: 11 }),
      edge("curl", "connect", "p", 2, { seq: 12, bytes: 4096 }),
      edge("curl", "write", "f", 3, { seq: 13 }),
      edge("sh", "fork", "t", 4, { seq: 14 }),
      edge("f", "exec", "t", 5, { seq: 15, count: 2 }),
      edge("curl", "attributes", "f", 3.5, { seq: 0 }),
    ],
    ...more,
  };
}

/** An intrusion for tests, with what matters given. */
export function intrusion(more: Partial<Intrusion> = {}): Intrusion {
  return {
    id: "intrusion:web_shell:h1/b/1/1", revision: 1, host: { id: "h1", name: "web-1" }, opened: at(0), updated: at(60), alive: 1,
    answers: {}, stages: [], roots: [], files: [], persistence: [], peers: [], reads: [], processes: [], graph: graph(), ...more,
  };
}
