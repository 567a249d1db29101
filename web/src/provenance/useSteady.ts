import { useState, type RefObject } from "react";
import type { Graph } from "../api/types";
import { useReading } from "../ui/useHeld";

/** What decides where nodes stand: which there are, and what joins them. */
function shapeOf(graph: Graph): string {
  const nodes = (graph.nodes ?? []).map((node) => node.id).sort();
  const edges = (graph.edges ?? []).map((edge) => `${edge.from}\n${edge.to}`).sort();
  return JSON.stringify([nodes, edges]);
}

/** The graph as it was, with what became known of the nodes and edges that it has. */
export function refreshed(old: Graph, fresh: Graph): Graph {
  const nodes = new Map((fresh.nodes ?? []).map((node) => [node.id, node]));
  const key = (edge: { from: string; to: string; op: string }) => `${edge.from}\n${edge.to}\n${edge.op}`;
  const edges = new Map((fresh.edges ?? []).map((edge) => [key(edge), edge]));
  return {
    ...old,
    nodes: (old.nodes ?? []).map((node) => nodes.get(node.id) ?? node),
    edges: (old.edges ?? []).map((edge) => edges.get(key(edge)) ?? edge),
  };
}

/**
 * Keeps nodes where they stand while a reader is at them: what is new waits
 * until he asks for it or leaves. Returns the graph to show, how many nodes it
 * lacks, and what lets them in.
 */
export function useSteady(graph: Graph, area: RefObject<HTMLElement | null>, busy: boolean) {
  const [pointing, stop] = useReading(area);
  const [shown, setShown] = useState(graph);
  const [asked, setAsked] = useState<string>();
  const fresh = shapeOf(graph);
  const same = shapeOf(shown) === fresh;
  const hold = (pointing || busy) && !same && asked !== fresh;
  if (!hold && shown !== graph) setShown(graph);
  const steady = hold ? refreshed(shown, graph) : graph;
  const have = new Set((steady.nodes ?? []).map((node) => node.id));
  const held = hold ? Math.max((graph.nodes ?? []).filter((node) => !have.has(node.id)).length, 1) : 0;
  return {
    shown: steady,
    held,
    release: () => {
      stop();
      setAsked(fresh);
    },
  };
}
