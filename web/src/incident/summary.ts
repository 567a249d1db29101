import type { Alert, Entity, HostRef, Incident, Intrusion, IntrusionFile, Reason } from "../api/types";
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

/** The alerts by what fired, or by tactic: the worst first, then the most frequent. One of two tactics counts for both. */
export function alertTypes(alerts: readonly Alert[], by: "rule" | "tactic" = "rule"): AlertType[] {
  const types = new Map<string, AlertType>();
  for (const alert of alerts) {
    const level = alert.rule?.level;
    const tactics = alert.rule?.tactics ?? [];
    for (const title of by === "rule" ? [titleOf(alert)] : tactics.length > 0 ? tactics : [""]) {
      const type = types.get(title) ?? { title, level, alerts: 0, count: 0 };
      if (rank(level) < rank(type.level)) type.level = level;
      type.alerts += 1;
      type.count += times(alert);
      types.set(title, type);
    }
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

/** IPv4 networks inside, as the server has them: RFC 1918, loopback, link-local, multicast and above, carrier space. */
const inside4 = /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^(22[4-9]|2[3-5]\d)\./;
/** IPv6: unspecified, loopback, link-local, ULA and multicast. */
const inside6 = /^(::1?$|fe[89ab]|f[cd]|ff)/i;

/** Whether an address is of the world outside: one inside is a role of the network, nothing to block. */
export function outside(address: string): boolean {
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return mapped.includes(":") ? !inside6.test(mapped) : !inside4.test(mapped);
}

export interface ToHandle {
  value: string;
  /** A file that is known to be gone. */
  gone?: boolean;
}

const program = (file: IntrusionFile) => (file.executed ?? false) || (file.executable ?? false);

/**
 * What to block or remove, by type: peers outside, and what the intruder brought,
 * of which what is still there comes first. What ties nothing (demoted) is not his.
 */
export function containment(incident: Incident, intrusions: readonly Intrusion[], demoted: (entity: Entity) => boolean): Map<string, ToHandle[]> {
  const entities = (incident.entities ?? []).filter((entity) => !innocent.has(entity.role ?? "") && !demoted(entity));
  const brought = intrusions.flatMap((intrusion) => intrusion.files ?? []);
  const there = new Set(brought.filter((file) => !file.gone).map((file) => file.path));
  const gone = new Set(brought.filter((file) => file.gone && !there.has(file.path)).map((file) => file.path));
  const found = new Map<string, ToHandle[]>();
  for (const type of containable) {
    const values = entities.filter((entity) => entity.type === type && (type !== "ip" || outside(entity.value))).map(bare);
    if (type === "file") values.push(...brought.filter(program).map((file) => file.path));
    const list = [...new Set(values)].map((value) => (type === "file" && gone.has(value) ? { value, gone: true } : { value }));
    if (list.length > 0) found.set(type, list.sort((a, b) => Number(a.gone ?? false) - Number(b.gone ?? false)));
  }
  return found;
}

export interface HostToHandle {
  host: HostRef;
  alerts: number;
  /** When it last had an alert; none is known of a host whose alerts are not listed. */
  last: string | undefined;
}

/** The hosts of an incident, that with the latest alert first. */
export function hostsReached(incident: Incident, alerts: readonly Alert[]): HostToHandle[] {
  const rows = new Map<string, HostToHandle>((incident.hosts ?? []).map((host) => [host.id, { host, alerts: 0, last: undefined }]));
  for (const alert of alerts) {
    const row = rows.get(alert.host.id);
    if (!row) continue;
    row.alerts += 1;
    const last = alert.last ?? alert.time;
    if (row.last === undefined || row.last < last) row.last = last;
  }
  return [...rows.values()].sort((a, b) => (b.last ?? "").localeCompare(a.last ?? "") || a.host.id.localeCompare(b.host.id));
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
