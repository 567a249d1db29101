import type { Incident } from "../api/types";
import { hostName } from "../ui/Hosts";

export type StatusFilter = "open" | "closed" | "all";

export interface Filter {
  status: StatusFilter;
  text: string;
}

function haystack(incident: Incident): string {
  return [
    incident.title,
    incident.id,
    ...(incident.hosts ?? []).map(hostName),
    ...(incident.entities ?? []).map((entity) => entity.value),
  ]
    .join("\n")
    .toLowerCase();
}

/**
 * The incidents to list: those that match, newest opening first. The time of
 * opening never changes, so a row keeps its place while it is being read.
 */
export function select(incidents: readonly Incident[], filter: Filter): Incident[] {
  const text = filter.text.trim().toLowerCase();
  return incidents
    .filter((incident) => !incident.merged_into)
    .filter((incident) => filter.status === "all" || incident.status === filter.status)
    .filter((incident) => text === "" || haystack(incident).includes(text))
    .sort((a, b) => b.opened.localeCompare(a.opened) || a.id.localeCompare(b.id));
}
