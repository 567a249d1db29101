import type { Assignment, Host } from "../api/types";

/** Labels as they are typed. */
export interface Draft {
  kind: "host" | "image";
  match: string;
  service: string;
  owner: string;
  group: string;
}

export const empty: Draft = { kind: "host", match: "", service: "", owner: "", group: "" };

/** The limits of the server, in bytes. */
export const maxMatch = 256;
export const maxLabel = 100;

/** What is assigned to that match now, or the match without labels. */
export function draftOf(kind: Draft["kind"], match: string, all: readonly Assignment[]): Draft {
  const found = all.find((other) => other.kind === kind && other.match === match);
  return { ...empty, kind, match, service: found?.service ?? "", owner: found?.owner ?? "", group: found?.group ?? "" };
}

/** What is given to a host alone, by its id; its name where that was labelled. */
export function draftOfHost(host: Host, all: readonly Assignment[]): Draft {
  const byName = host.name !== "" && !all.some(({ kind, match }) => kind === "host" && match === host.id) && all.some(({ kind, match }) => kind === "host" && match === host.name);
  return draftOf("host", byName ? host.name : host.id, all);
}

/** A draft without space around its texts. */
export function trimmed(draft: Draft): Draft {
  return { kind: draft.kind, match: draft.match.trim(), service: draft.service.trim(), owner: draft.owner.trim(), group: draft.group.trim() };
}

/** Whether it can be saved: something that it is about, and a label. */
export function isComplete(draft: Draft): boolean {
  const { match, service, owner, group } = trimmed(draft);
  return match !== "" && [service, owner, group].some((label) => label !== "");
}
