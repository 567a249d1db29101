import type { Alert, Host, Incident, Intrusion, Merge } from "./types";

/** What the live stream carries, by event name. */
export interface StreamEvents {
  incident: Incident;
  intrusion: Intrusion;
  alert: Alert;
  host: Host;
}

export type StreamState = "connecting" | "live" | "lost";

export interface StreamHandlers {
  onState: (state: StreamState) => void;
  /** The stream begins, or has a gap: what is shown must be read again. */
  onGap: () => void;
  onItem: <K extends keyof StreamEvents>(kind: K, item: StreamEvents[K]) => void;
  /** An incident became part of another. */
  onMerge: (merge: Merge) => void;
}

/** Milliseconds before the next attempt: 0.5 s doubling up to 5 s. */
export function backoff(attempt: number): number {
  return Math.min(500 * 2 ** attempt, 5000);
}

const kinds = ["incident", "intrusion", "alert", "host"] as const;

/**
 * Follows /api/v1/stream until closed. The browser's own retry gives up on an
 * HTTP error and paces itself slowly, so every failure starts a new
 * EventSource here. It begins at the present; what happened before is read.
 */
export function follow(handlers: StreamHandlers): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let connected = false;

  const connect = () => {
    source = new EventSource("/api/v1/stream");
    source.onopen = () => {
      attempt = 0;
      connected = true;
      handlers.onState("live");
      handlers.onGap();
    };
    source.onerror = () => {
      source?.close();
      handlers.onState(connected || attempt > 0 ? "lost" : "connecting");
      timer = setTimeout(connect, backoff(attempt++));
    };
    // The server says that it dropped changes which this reader was too slow for.
    source.addEventListener("resync", () => { handlers.onGap(); });
    source.addEventListener("merge", (message: MessageEvent<string>) => { handlers.onMerge(JSON.parse(message.data) as Merge); });
    for (const kind of kinds) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        handlers.onItem(kind, JSON.parse(message.data) as StreamEvents[typeof kind]);
      });
    }
  };

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
