import type { Alert, Incident, IncidentProcess } from "../api/types";

const host = { id: "h1", name: "web-1" };

/** An alert for tests, with what matters given. */
export function alert(id: string, more: Partial<Alert> = {}): Alert {
  return { id, time: `2026-01-02T03:04:0${id.length}Z`, host, rule: { title: `rule of ${id}`, level: "high" }, ...more };
}

/** A process for tests, with what matters given. */
export function process(pid: number, parent: number | undefined, more: Partial<IncidentProcess> = {}): IncidentProcess {
  return {
    key: `h1/b/${pid}/1`,
    parent: parent === undefined ? "" : `h1/b/${parent}/1`,
    pid,
    executable: `/bin/p${pid}`,
    command_line: `p${pid} --run`,
    user: "app",
    start: `2026-01-02T03:00:00.${String(pid).padStart(6, "0")}Z`,
    host,
    alerts: [],
    ...more,
  };
}

/** An incident for tests, with what matters given. */
export function incident(more: Partial<Incident> = {}): Incident {
  return {
    id: "i1", opened: "2026-01-02T03:04:05Z", updated: "2026-01-02T03:05:05Z", status: "open", score: 50, title: "An incident",
    account: "It happened.", account_zh: "事情发生了。", hosts: [host], alerts: [], entities: [], reasons: [], tactics: [], ...more,
  };
}
