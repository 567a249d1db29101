import type { Change, Intrusion, IntrusionFile, Peer, Read } from "../api/types";
import type { Key } from "../i18n/en";
import { endpoint } from "../alerts/ObjectFacts";

/** Something that is said of a piece of evidence. */
export interface Mark {
  key: Key;
  /** A time that belongs to it. */
  time?: string | undefined;
  bytes?: number | undefined;
}

/** One piece of evidence for an answer. */
export interface Line {
  text: string;
  marks: Mark[];
  /** It was, and is no more. */
  past?: boolean;
}

function fileMarks(file: IntrusionFile): Mark[] {
  const marks: Mark[] = [];
  if (file.executed) marks.push({ key: "file.executed" });
  else if (file.executable) marks.push({ key: "file.executable" });
  if (file.memory) marks.push({ key: "file.memory" });
  else if (file.gone) marks.push({ key: "file.deleted", time: file.gone_at });
  else marks.push({ key: "file.there" });
  return marks;
}

const fileLine = (file: IntrusionFile): Line => ({ text: file.path, marks: fileMarks(file), past: file.gone });

const program = (file: IntrusionFile) => file.executed === true || file.executable === true;

function changeLine(change: Change): Line {
  const marks: Mark[] = change.undone ? [{ key: "persistence.undone", time: change.undone_at }] : [];
  const added = (change.added ?? []).filter((line) => !line.startsWith("#"));
  return { text: added.length > 0 ? `${change.path}: ${added.join(" ⏎ ")}` : change.path, marks, past: change.undone === true };
}

/** A peer by name or address. */
export function peerText(peer: Peer): string {
  return peer.name ?? endpoint({ ip: peer.ip ?? "?", ...(peer.port ? { port: peer.port } : {}) });
}

function peerLine(peer: Peer): Line {
  const marks: Mark[] = [];
  if (peer.failed) marks.push({ key: "peer.failed" });
  if (peer.bytes_out) marks.push({ key: "peer.out", bytes: peer.bytes_out });
  return { text: peer.host ? `${peerText(peer)} → ${peer.host}` : peerText(peer), marks };
}

/** How much of a file was read is seen by no sensor, and said to be unknown. */
const readLine = (read: Read): Line => ({ text: read.path, marks: read.denied ? [{ key: "read.denied" }] : [{ key: "read.read" }, { key: "read.much" }] });

const keysUsed = (read: Read) => read.class === "ssh_key" || read.class === "ssh_agent";

const of: Record<string, (intrusion: Intrusion) => Line[]> = {
  files: ({ files }) => [...(files ?? [])].sort((a, b) => Number(program(b)) - Number(program(a))).map(fileLine),
  persistence: ({ persistence }) => [...(persistence ?? [])].sort((a, b) => Number(a.undone ?? false) - Number(b.undone ?? false)).map(changeLine),
  deleted: ({ files }) => (files ?? []).filter(program).sort((a, b) => Number(a.gone) - Number(b.gone)).map(fileLine),
  lateral: ({ peers, reads }) => [
    ...(peers ?? []).filter((peer) => peer.inside && !peer.inbound).map(peerLine),
    ...(reads ?? []).filter(keysUsed).map(readLine),
  ],
  data: ({ peers, reads }) => [
    ...(reads ?? []).filter((read) => !read.denied).map(readLine),
    ...(peers ?? []).filter((peer) => !peer.inside && (peer.bytes_out ?? 0) > 0).sort((a, b) => (b.bytes_out ?? 0) - (a.bytes_out ?? 0)).map(peerLine),
  ],
};

/** What an answer rests on, from the facts of the intrusions. */
export function linesFor(question: string, intrusions: readonly Intrusion[]): Line[] {
  return intrusions.flatMap((intrusion) => of[question]?.(intrusion) ?? []);
}
