import { keepPreviousData, useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { keys } from "./cache";
import { get } from "./http";
import type { Alert, AlertProvenance, Host, Incident, IncidentProcess, Intrusion, Nearby, Page, Status } from "./types";

/** Milliseconds after which a page asks again although the stream is silent. */
const resync = 30_000;
const pageSize = 100;

function usePages<T>(key: readonly string[], path: string) {
  return useInfiniteQuery({
    queryKey: key,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ order: "newest", limit: String(pageSize) });
      if (pageParam) query.set("cursor", pageParam);
      return get<Page<T>>(`${path}?${query.toString()}`, signal);
    },
    // An empty cursor means the end.
    getNextPageParam: (last) => (last.next === "" ? undefined : last.next),
  });
}

/** All pages of a list that has an end: hosts, rules, or the alerts of one incident. */
export async function everything<T>(path: string, signal: AbortSignal, filter: Readonly<Record<string, string>> = {}): Promise<Page<T>> {
  const items: T[] = [];
  let cursor = "";
  do {
    const query = new URLSearchParams({ ...filter, limit: "500", cursor });
    const page = await get<Page<T>>(`${path}?${query.toString()}`, signal);
    items.push(...(page.items));
    cursor = page.next;
  } while (cursor);
  return { items, next: "" };
}

/** Incidents, newest first, a page at a time. */
export const useIncidents = () => usePages<Incident>(keys.incidents, "/incidents");

/** Alerts, newest first, a page at a time. */
export const useAlerts = () => usePages<Alert>(keys.alerts, "/alerts");

/** One incident. */
export function useIncident(id: string) {
  return useQuery({
    queryKey: keys.incident(id),
    queryFn: ({ signal }) => get<Incident>(`/incidents/${encodeURIComponent(id)}`, signal),
    refetchInterval: resync,
  });
}

/** All alerts of an incident. */
export function useIncidentAlerts(id: string) {
  return useQuery({
    queryKey: keys.incidentAlerts(id),
    queryFn: ({ signal }) => everything<Alert>(`/incidents/${encodeURIComponent(id)}/alerts`, signal),
    refetchInterval: resync,
  });
}

/** The processes of an incident. */
export function useIncidentProcesses(id: string) {
  return useQuery({
    queryKey: keys.incidentProcesses(id),
    queryFn: ({ signal }) =>
      get<Page<IncidentProcess>>(`/incidents/${encodeURIComponent(id)}/processes`, signal),
    refetchInterval: resync,
  });
}

/** One alert with its evidence. */
export function useAlert(id: string | undefined) {
  return useQuery({
    queryKey: keys.alert(id ?? ""),
    queryFn: ({ signal }) => get<Alert>(`/alerts/${encodeURIComponent(id ?? "")}`, signal),
    enabled: id !== undefined,
  });
}

function intrusionQuery(id: string) {
  return {
    queryKey: keys.intrusion(id),
    queryFn: ({ signal }: { signal: AbortSignal }) => get<Intrusion>(`/intrusion?${new URLSearchParams({ id }).toString()}`, signal),
    refetchInterval: resync,
  };
}

/** One intrusion. */
export const useIntrusion = (id: string) => useQuery(intrusionQuery(id));

const arrived = (results: readonly { data: Intrusion | undefined }[]) => results.flatMap(({ data }) => data ?? []);

/** Several intrusions, those that have come. */
export function useIntrusions(ids: readonly string[]): Intrusion[] {
  return useQueries({ queries: ids.map(intrusionQuery), combine: arrived });
}

/**
 * Where an alert came from and what came of it. With stored, the way back goes
 * on in stored telemetry, which takes seconds: it is asked for once.
 */
export function useProvenance(alert: string, stored: boolean) {
  const path = `/alerts/${encodeURIComponent(alert)}/provenance`;
  return useQuery({
    queryKey: keys.provenance(alert, stored),
    queryFn: ({ signal }) => get<AlertProvenance>(stored ? `${path}?stored=true` : path, signal),
    placeholderData: keepPreviousData,
    ...(stored ? { staleTime: Infinity } : { refetchInterval: resync }),
  });
}

/** A place in the log of a host. */
export interface Place {
  host: string;
  /** The number of an event of the boot, or a time. */
  around: string;
  boot?: string | undefined;
  process?: string | undefined;
  before: number;
  after: number;
}

/** The raw events of a host around a place. */
export function useNearby({ host, around, boot, process, before, after }: Place) {
  const query = new URLSearchParams({ around, before: String(before), after: String(after) });
  if (boot) query.set("boot", boot);
  if (process) query.set("process", process);
  const path = `/hosts/${encodeURIComponent(host)}/events?${query.toString()}`;
  return useQuery({
    queryKey: keys.nearby(path),
    queryFn: ({ signal }) => get<Nearby>(path, signal),
    // What happened does not change, and every look is written down.
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

/** All hosts with the health of their sensors. */
export function useHosts() {
  return useQuery({
    queryKey: keys.hosts,
    queryFn: ({ signal }) => everything<Host>("/hosts", signal),
    refetchInterval: resync,
  });
}

/** The health of the whole: hosts, loss and lag. */
export function useStatus() {
  return useQuery({
    queryKey: keys.status,
    queryFn: ({ signal }) => get<Status>("/status", signal),
    refetchInterval: 5000,
  });
}
