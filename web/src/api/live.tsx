import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { putAlert, putHost, putIncident, putIntrusion, refresh } from "./cache";
import { get } from "./http";
import { follow, type StreamEvents, type StreamState } from "./stream";

const LiveState = createContext<StreamState>("connecting");

/** The state of the live stream, for the indicator in the header. */
export function useLiveState(): StreamState {
  return useContext(LiveState);
}

/** Milliseconds over which a burst is gathered into one change of the screen. */
const gather = 100;

type Batch = { [K in keyof StreamEvents]: Map<string, StreamEvents[K]> };

function emptyBatch(): Batch {
  return { incident: new Map(), intrusion: new Map(), alert: new Map(), host: new Map() };
}

/** Follows the stream and writes what it carries into the query cache. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");

  useEffect(() => {
    let batch = emptyBatch();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      const full = batch;
      batch = emptyBatch();
      timer = undefined;
      full.incident.forEach((item) => { putIncident(client, item); });
      full.intrusion.forEach((item) => { putIntrusion(client, item); });
      full.alert.forEach((item) => { putAlert(client, item); });
      full.host.forEach((item) => { putHost(client, item); });
    };
    const close = follow({
      onState: (next) => {
        setState(next);
        // EventSource hides the status: asking tells an ended session from a lost server.
        if (next === "lost") get("/me").catch(() => undefined);
      },
      onGap: () => { refresh(client); },
      onItem: (kind, item) => {
        (batch[kind] as Map<string, typeof item>).set(item.id, item);
        timer ??= setTimeout(flush, gather);
      },
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [client]);

  return <LiveState value={state}>{children}</LiveState>;
}
