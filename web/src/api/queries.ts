import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { keys } from "./cache";
import { get } from "./http";
import type { Alert, Host, Incident, IncidentProcess, Page, Status } from "./types";

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
export async function everything<T>(path: string, signal: AbortSignal): Promise<Page<T>> {
  const items: T[] = [];
  let cursor = "";
  do {
    const query = new URLSearchParams({ limit: "500", cursor });
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
