import { useSyncExternalStore } from "react";

// One clock for the whole console: it ticks only while something shows an age.
const tick = 5000;
const listeners = new Set<() => void>();
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = new Date();
    listeners.forEach((each) => { each(); });
  }, tick);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time, at a resolution of seconds. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => now);
}
