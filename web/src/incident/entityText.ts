import type { Entity, HostRef, Incident } from "../api/types";
import { bare } from "./summary";

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

function fileOf(entities: readonly Entity[] | null, inode: string): Entity | undefined {
  return entities?.find((entity) => entity.type === "file" && entity.inode === inode);
}

/** What a merge reason rests on, a file's key replaced by the path it had. */
export function reasonText(value: string, incident: Incident): string {
  const file = fileOf(incident.entities, value);
  return entityText(file ? bare(file) : value, incident.hosts ?? []);
}
