import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Alert, AlertProvenance, Host, Incident, Intrusion, Page } from "./types";

type Pages<T> = InfiniteData<Page<T>, string>;
interface Versioned {
  id: string;
  revision?: number;
}

/** Whether a replaces b: stores apply only a newer revision, so do we. */
export function newer(a: Versioned, b: Versioned | undefined): boolean {
  return b === undefined || (a.revision ?? 0) >= (b.revision ?? 0);
}

/** Replaces the item where it stands, or puts it first. */
export function upsert<T extends Versioned>(items: readonly T[], item: T): T[] {
  const at = items.findIndex((other) => other.id === item.id);
  if (at < 0) return [item, ...items];
  if (!newer(item, items[at])) return [...items];
  return items.with(at, item);
}

/** Replaces the item in whichever page has it, or puts it first on the first. */
export function upsertPages<T extends Versioned>(data: Pages<T>, item: T): Pages<T> {
  const home = data.pages.findIndex((page) => page.items.some((other) => other.id === item.id));
  const target = Math.max(home, 0);
  return {
    ...data,
    pages: data.pages.map((page, index) =>
      index === target ? { ...page, items: upsert(page.items, item) } : page,
    ),
  };
}

/** Query keys, in one place so that the stream and the pages agree. */
export const keys = {
  incidents: ["incidents"] as const,
  incident: (id: string) => ["incident", id] as const,
  incidentAlerts: (id: string) => ["incident", id, "alerts"] as const,
  incidentProcesses: (id: string) => ["incident", id, "processes"] as const,
  alerts: ["alerts"] as const,
  alert: (id: string) => ["alert", id] as const,
  intrusion: (id: string) => ["intrusion", id] as const,
  provenance: (alert: string, stored = false) => ["provenance", alert, stored] as const,
  nearby: (query: string) => ["nearby", query] as const,
  decisions: ["decisions"] as const,
  decisionsAbout: (incident: string) => ["decisions", incident] as const,
  lessons: ["lessons"] as const,
  hosts: ["hosts"] as const,
  labels: ["labels"] as const,
  status: ["status"] as const,
  packs: ["packs"] as const,
  rules: ["rules"] as const,
  source: (rule: string) => ["rules", "source", rule] as const,
  exceptions: ["exceptions"] as const,
  hidden: (id: string) => ["exceptions", id, "hidden"] as const,
  proposals: ["proposals"] as const,
};

/** Writes an incident from the stream into everything that shows it. */
export function putIncident(client: QueryClient, incident: Incident): void {
  client.setQueryData<Pages<Incident>>(keys.incidents, (data) => data && upsertPages(data, incident));
  client.setQueryData<Incident>(keys.incident(incident.id), (old) =>
    old && newer(incident, old) ? incident : old,
  );
}

/** Writes an alert from the stream into everything that shows it. */
export function putAlert(client: QueryClient, alert: Alert): void {
  client.setQueryData<Pages<Alert>>(keys.alerts, (data) => data && upsertPages(data, alert));
  client.setQueryData<Alert>(keys.alert(alert.id), (old) => (old && newer(alert, old) ? alert : old));
  if (!alert.incident) return;
  client.setQueryData<Page<Alert>>(keys.incidentAlerts(alert.incident), (page) =>
    page && { ...page, items: upsert(page.items, alert) },
  );
  void client.invalidateQueries({ queryKey: keys.incidentProcesses(alert.incident) });
}

/**
 * Writes an intrusion from the stream into everything that shows it. The graph
 * of an alert is the server's: it is asked for again.
 */
export function putIntrusion(client: QueryClient, intrusion: Intrusion): void {
  client.setQueryData<Intrusion>(keys.intrusion(intrusion.id), (old) =>
    old && newer(intrusion, old) ? intrusion : old,
  );
  void client.invalidateQueries({
    predicate: ({ queryKey, state }) =>
      queryKey[0] === "provenance" && (state.data as AlertProvenance | undefined)?.intrusion?.id === intrusion.id,
  });
}

/** Writes a host's health from the stream into the list of hosts. */
export function putHost(client: QueryClient, host: Host): void {
  client.setQueryData<Page<Host>>(keys.hosts, (page) =>
    page && { ...page, items: upsert(page.items, host) },
  );
}

/**
 * Asks again for everything on screen, after a gap in the stream: all but raw
 * events, which do not change, and of which every look is written down.
 */
export function refresh(client: QueryClient): void {
  void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "nearby" });
}
