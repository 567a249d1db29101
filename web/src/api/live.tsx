import { useQueryClient } from "@tanstack/react-query";
import { notification } from "antd";
import { createContext, useContext, useEffect, useEffectEvent, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { putAlert, putHost, putIncident, putIntrusion, refresh } from "./cache";
import { named, useI18n } from "../i18n";
import { reasonNames } from "../incident/summary";
import { get } from "./http";
import { follow, type StreamEvents, type StreamState } from "./stream";
import type { Merge } from "./types";

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
  const { t } = useI18n();
  // In a corner: nothing that is being read moves.
  const [notify, holder] = notification.useNotification({ placement: "bottomRight", maxCount: 3, duration: 15 });
  const tell = useEffectEvent((merge: Merge) => {
    const why = [...new Set(merge.reasons.flatMap(({ reason }) => reasonNames(reason)))].map((name) => named(t, "reason", name));
    notify.info({
      key: merge.from,
      title: t("merge.title"),
      description: (
        <>
          <p>{t("merge.what", { from: merge.from_title, into: merge.into_title })}</p>
          {why.length > 0 && <p className="muted">{why.join(", ")}</p>}
          <Link to={`/incidents/${encodeURIComponent(merge.into)}`}>{merge.into}</Link>
        </>
      ),
    });
  });

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
      onMerge: (merge) => { tell(merge); },
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

  return <LiveState value={state}>{holder}{children}</LiveState>;
}
