import type { Decision, DecisionWish, Entity, Incident } from "../api/types";

/** What an analyst is about to decide about an incident, before the form is filled in. */
export type Wish =
  | { kind: "close" | "merge" }
  | { kind: "split" | "move"; alerts: readonly string[] }
  | { kind: "demote"; entity: Entity }
  | { kind: "confirm" | "reject"; reason: string; of: string }
  | { kind: "withdraw"; decision: Decision };

export const verdicts = ["intrusion", "benign", "false_alarm", "test"] as const;
export type Verdict = (typeof verdicts)[number];

/** What the form of a wish asks for. */
export interface Answers {
  note: string;
  verdict?: Verdict;
  /** The other incident of a merge or move. */
  with?: string;
}

/** Whether a wish needs another incident. */
export const needsOther = (wish: Wish) => wish.kind === "merge" || wish.kind === "move";

/** Whether everything is said that the server needs. */
export function isComplete(wish: Wish, answers: Answers): boolean {
  if (wish.kind === "close") return answers.verdict !== undefined;
  return !needsOther(wish) || (answers.with ?? "") !== "";
}

/** A wish as the API takes it. */
export function bodyOf(wish: Exclude<Wish, { kind: "withdraw" }>, incident: string, { note, ...answers }: Answers): DecisionWish {
  const body: DecisionWish = { kind: wish.kind, incident };
  if (note.trim() !== "") body.note = note.trim();
  switch (wish.kind) {
    case "close":
      return { ...body, ...(answers.verdict && { verdict: answers.verdict }) };
    case "demote": {
      const { type, value, inode } = wish.entity;
      return { ...body, entity: { type, value, ...(inode && { inode }) } };
    }
    case "confirm":
    case "reject":
      return { ...body, reason: wish.reason, of: wish.of };
    case "split":
      return { ...body, alerts: [...wish.alerts] };
    case "move":
      return { ...body, alerts: [...wish.alerts], ...(answers.with && { with: answers.with }) };
    case "merge":
      return { ...body, ...(answers.with && { with: answers.with }) };
  }
}

/** What holds: decisions that nobody withdrew. */
export const inForce = (decisions: readonly Decision[]) => decisions.filter((decision) => !decision.withdrawn);

/**
 * The decisions that concern an incident, the newest first. A decision carries
 * the incident that was looked at; after a merge or move that may be another,
 * so those count too that name alerts of this one, and demotions of what it has.
 */
export function concerning(incident: Incident, decisions: readonly Decision[]): Decision[] {
  const alerts = new Set(incident.alerts);
  const entities = new Set((incident.entities ?? []).map((entity) => `${entity.type}\n${entity.value}`));
  const byId = new Map(decisions.map((decision) => [decision.id, decision]));
  return [...byId.values()]
    .filter(
      (decision) =>
        decision.incident === incident.id ||
        [...(decision.alerts ?? []), ...(decision.into ? [decision.into] : [])].some((id) => alerts.has(id)) ||
        (decision.entity !== undefined && entities.has(`${decision.entity.type}\n${decision.entity.value}`)),
    )
    .sort((a, b) => b.at.localeCompare(a.at) || b.id.localeCompare(a.id));
}

/** The decision that closed an incident, while it is in force. */
export const closing = (incident: string, decisions: readonly Decision[]) =>
  inForce(decisions).find((decision) => decision.kind === "close" && decision.incident === incident);

/** The decision in force that demotes an entity. */
export const demoting = (entity: Entity, decisions: readonly Decision[]) =>
  inForce(decisions).find(
    ({ entity: own }) => own?.type === entity.type && own.value === entity.value && (own.inode ?? "") === (entity.inode ?? ""),
  );

/** The last decision in force that confirms or rejects a reason. */
export const judging = (reason: string, of: string, decisions: readonly Decision[]) =>
  inForce(decisions).find((decision) => decision.reason === reason && decision.of === of);
