import type { Host, HostClass } from "../api/types";

/** Coverage states, best first. */
const states = ["complete", "coalesced", "filtered", "throttled", "lost", "unavailable"];

/** How a state is shown: as good, as a limit that is known, or as a gap. */
export function tone(state: string): "good" | "limited" | "gap" {
  if (state === "complete" || state === "coalesced") return "good";
  return state === "filtered" ? "limited" : "gap";
}

/** Classes in the order in which they are always shown. */
export function sortClasses(classes: readonly HostClass[]): HostClass[] {
  const order = ["process", "file", "network", "dns", "kernel", "log"];
  const at = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...classes].sort((a, b) => at(a.class) - at(b.class) || a.class.localeCompare(b.class));
}

/** Observations known to be lost, over all classes. */
export function lost(host: Host): number {
  return host.classes.reduce((sum, each) => sum + each.lost, 0);
}

/** A host that needs a look comes before one that does not. */
function trouble(host: Host): number {
  if (host.revoked) return 3;
  if (!host.connected) return 0;
  if (!host.armed) return 1;
  const worst = Math.max(0, ...host.classes.map((each) => states.indexOf(each.state)));
  return worst >= states.indexOf("throttled") || host.hooks.some((hook) => !hook.attached) ? 2 : 4;
}

/** Hosts, those in trouble first, then by name. */
export function sortHosts(hosts: readonly Host[]): Host[] {
  return [...hosts].sort((a, b) => trouble(a) - trouble(b) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}
