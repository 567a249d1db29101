/** The page of an intrusion; coming from an incident, it leads back there. */
export function intrusionPath(id: string, incident?: string | null): string {
  const query = new URLSearchParams({ id });
  if (incident) query.set("incident", incident);
  return `/intrusion?${query.toString()}`;
}

/** The page of an alert's provenance. */
export function provenancePath(alert: string): string {
  return `/alerts/${encodeURIComponent(alert)}/provenance`;
}
