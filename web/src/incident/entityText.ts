import type { HostRef } from "../api/types";

/** A kernel's boot id inside a key: 36 characters that no reader needs. */
const boot = /\/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\/(\d+)\/\d+/g;

/**
 * An entity as a reader wants it: hosts by their names, and a process key as a
 * pid without boot id and start time. The whole value stays available on hover.
 */
export function entityText(value: string, hosts: readonly HostRef[] = []): string {
  const short = value.replace(boot, " pid $1");
  return hosts.reduce((text, host) => (host.name ? text.replaceAll(host.id, host.name) : text), short);
}
