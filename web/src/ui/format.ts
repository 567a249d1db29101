import type { Translate } from "../i18n";

const two = (n: number) => String(n).padStart(2, "0");

/** "11-23 04:05:06" in the local zone, with the year where it is not this one. */
export function localTime(date: Date, now = new Date()): string {
  const year = date.getFullYear() === now.getFullYear() ? "" : `${date.getFullYear()}-`;
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${year}${day} ${clock(date)}`;
}

/** "04:05:06" in the local zone. */
export function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2026-11-23 04:05:06.123" in UTC. */
export function utcTime(date: Date): string {
  return date.toISOString().replace("T", " ").replace("Z", "");
}

/** The local zone as "UTC+08:00". */
export function zone(date = new Date()): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** How long ago, coarse. */
export function ago(date: Date, now: Date, t: Translate): string {
  const s = Math.round((now.getTime() - date.getTime()) / 1000);
  if (s < 5) return t("time.ago.now");
  if (s < 60) return t("time.ago.s", { n: s });
  if (s < 3600) return t("time.ago.m", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("time.ago.h", { n: Math.floor(s / 3600) });
  return t("time.ago.d", { n: Math.floor(s / 86_400) });
}

/** A time of the API, undefined where it is missing or Go's zero time. */
export function parseTime(text: string | undefined): Date | undefined {
  if (!text || text.startsWith("0001-")) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Bytes in binary units, "12.3 MiB". */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = n;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** A count with thin separators, "12,345". */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** The last part of a path. */
export function base(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}
