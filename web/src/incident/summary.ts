import type { Alert, Entity, Incident, Reason } from "../api/types";
import { rank } from "../ui/Level";

/** How often an alert fired. */
export function times(alert: Alert): number {
  return Math.max(alert.count ?? 0, 1);
}

/** What an alert is called. */
export function titleOf(alert: Alert | undefined): string {
  return alert?.rule?.title ?? alert?.rule?.id ?? alert?.kind ?? "–";
}

export interface AlertType {
  title: string;
  level: string | undefined;
  alerts: number;
  count: number;
}

/** The alerts by what fired: the worst first, then the most frequent. */
export function alertTypes(alerts: readonly Alert[]): AlertType[] {
  const types = new Map<string, AlertType>();
  for (const alert of alerts) {
    const title = titleOf(alert);
    const type = types.get(title) ?? { title, level: alert.rule?.level, alerts: 0, count: 0 };
    type.alerts += 1;
    type.count += times(alert);
    types.set(title, type);
  }
  return [...types.values()].sort((a, b) => rank(a.level) - rank(b.level) || b.count - a.count || a.title.localeCompare(b.title));
}

export interface ReasonGroup {
  id: string;
  reason: string;
  entity: string;
  weight: number;
  links: Reason[];
}

/** Merge reasons by what they rest on: the weightiest first, then those that join most. */
export function reasonGroups(reasons: readonly Reason[]): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const link of reasons) {
    const id = `${link.reason}\n${link.entity ?? ""}`;
    const group = groups.get(id) ?? { id, reason: link.reason, entity: link.entity ?? "", weight: 0, links: [] };
    group.weight = Math.max(group.weight, link.weight);
    group.links.push(link);
    groups.set(id, group);
  }
  return [...groups.values()].sort(
    (a, b) => b.weight - a.weight || b.links.length - a.links.length || a.id.localeCompare(b.id),
  );
}

export interface CountedEntity extends Entity {
  /** In how many alerts it occurs. */
  alerts: number;
}

/** The incident's entities by type, with how many alerts share each; the most shared first. */
export function entityGroups(entities: readonly Entity[], alerts: readonly Alert[]): Map<string, CountedEntity[]> {
  const uses = new Map<string, number>();
  for (const alert of alerts) {
    const own = new Set((alert.entities ?? []).map((entity) => `${entity.type}\n${entity.value}`));
    own.forEach((id) => uses.set(id, (uses.get(id) ?? 0) + 1));
  }
  const groups = new Map<string, Map<string, CountedEntity>>();
  for (const entity of entities) {
    const group = groups.get(entity.type) ?? new Map<string, CountedEntity>();
    group.set(entity.value, { ...entity, alerts: uses.get(`${entity.type}\n${entity.value}`) ?? 0 });
    groups.set(entity.type, group);
  }
  return new Map(
    [...groups].map(([type, group]) => [
      type,
      [...group.values()].sort((a, b) => b.alerts - a.alerts || a.value.localeCompare(b.value)),
    ]),
  );
}

/** A file entity's value without the host, a hash's without the algorithm. */
export function bare(entity: Entity): string {
  if (entity.type === "file") return entity.value.replace(/^[^/:]+:(?=\/|memfd:)/, "");
  if (entity.type === "hash") return entity.value.replace(/^sha256:/, "");
  return entity.value;
}

/** The types that can be blocked or removed, in the order of urgency. */
const containable = ["ip", "domain", "url", "file", "hash"];

/** Roles of what is not the intruder's: read, watched, or part of the system. */
const innocent = new Set(["read", "sensitive", "system"]);

/** What to block or remove, by type: peers, and what the intruder brought. */
export function containment(incident: Incident): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const type of containable) {
    const values = (incident.entities ?? [])
      .filter((entity) => entity.type === type && !innocent.has(entity.role ?? ""))
      .map(bare);
    if (values.length > 0) found.set(type, [...new Set(values)]);
  }
  return found;
}

/** The names of a compound reason: "service+command_template" rests on both. */
export function reasonNames(reason: string): string[] {
  return reason.split("+");
}

/**
 * The parts of a reason, each with what it rests on: they are judged one by one.
 * None where an entity has the separator in itself and they cannot be told apart.
 */
export function reasonParts(reason: string, entity: string): { reason: string; of: string }[] {
  const names = reasonNames(reason);
  const of = names.length > 1 ? entity.split("; ") : [entity];
  return names.length === of.length ? names.map((name, at) => ({ reason: name, of: of[at] ?? "" })) : [];
}

/** Alerts of each tactic, with the time of the first. */
export function tacticsReached(alerts: readonly Alert[]): Map<string, { alerts: number; first: string }> {
  const reached = new Map<string, { alerts: number; first: string }>();
  for (const alert of alerts) {
    for (const tactic of alert.rule?.tactics ?? []) {
      const old = reached.get(tactic);
      const first = old && old.first < alert.time ? old.first : alert.time;
      reached.set(tactic, { alerts: (old?.alerts ?? 0) + 1, first });
    }
  }
  return reached;
}

/** Alerts in the order in which they first fired. */
export function byTime(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => a.time.localeCompare(b.time) || a.id.localeCompare(b.id));
}
