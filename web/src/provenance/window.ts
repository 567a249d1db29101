import type { Link } from "./links";

/** A stretch of time in milliseconds. */
export type Window = readonly [from: number, to: number];

/** The moments at which something began or ended, in order, each once. */
export function moments(links: readonly Link[]): number[] {
  const all = links.flatMap((link) => link.edges.flatMap((edge) => [Date.parse(edge.first), Date.parse(edge.last)]));
  return [...new Set(all)].sort((a, b) => a - b);
}

/** Whether any part of a line is within a window. */
export function within(link: Link, [from, to]: Window): boolean {
  return link.edges.some((edge) => Date.parse(edge.first) <= to && Date.parse(edge.last) >= from);
}

/** The ids of what is within a window: lines, and the nodes at their ends. */
export function inside(links: readonly Link[], window: Window): Set<string> {
  const ids = new Set<string>();
  for (const link of links) {
    if (!within(link, window)) continue;
    ids.add(link.id).add(link.from).add(link.to);
  }
  return ids;
}

/** Where more than this many milliseconds pass without anything, a gap is shown. */
const long = 60_000;

/** The gaps between moments: after which of them, and how long. */
export function gaps(times: readonly number[]): { after: number; length: number }[] {
  return times.flatMap((time, at) => {
    const length = (times[at + 1] ?? time) - time;
    return length > long ? [{ after: at, length }] : [];
  });
}
