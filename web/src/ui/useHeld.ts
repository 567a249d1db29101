import { useCallback, useEffect, useState, type RefObject } from "react";

/** Milliseconds after the last movement during which a pointer counts as reading. */
const patience = 15_000;

/**
 * Splits items, newest first, into those to show now and those held back, so
 * that a list does not move under the eyes of its reader: while `reading`, what
 * was not shown before waits unless it comes after everything shown.
 */
export function split<T extends { id: string }>(
  items: readonly T[],
  seen: ReadonlySet<string>,
  reading: boolean,
): { shown: T[]; held: T[] } {
  const last = items.findLastIndex((item) => seen.has(item.id));
  if (!reading || last < 0) return { shown: [...items], held: [] };
  const shows = (item: T, at: number) => seen.has(item.id) || at > last;
  return { shown: items.filter(shows), held: items.filter((item, at) => !shows(item, at)) };
}

/** Whether the reader is in the midst of the element: pointing, or scrolled into it. */
export function useReading(area: RefObject<HTMLElement | null>): [boolean, () => void] {
  const [reading, setReading] = useState(false);
  const stop = useCallback(() => { setReading(false); }, []);
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const scrolled = () => element.getBoundingClientRect().top < 0;
    const start = () => {
      setReading(true);
      clearTimeout(timer);
      timer = setTimeout(() => { setReading(scrolled()); }, patience);
    };
    const end = () => { setReading(scrolled()); };
    element.addEventListener("pointermove", start);
    element.addEventListener("pointerleave", end);
    window.addEventListener("scroll", end, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("pointermove", start);
      element.removeEventListener("pointerleave", end);
      window.removeEventListener("scroll", end);
    };
  }, [area]);
  return [reading, stop];
}

function remember<T extends { id: string }>(items: readonly T[], shown: readonly T[]) {
  return { items, seen: new Set(shown.map((item) => item.id)) };
}

/**
 * Holds new items back while the reader is in the area; `release` lets them in.
 * The area holds the rows and the bar that releases them, so that reaching for
 * the bar does not count as leaving.
 */
export function useHeld<T extends { id: string }>(items: readonly T[], area: RefObject<HTMLElement | null>) {
  const [reading, stop] = useReading(area);
  const [snapshot, setSnapshot] = useState(() => remember(items, items));
  const parts = split(items, snapshot.seen, reading);
  if (snapshot.items !== items || snapshot.seen.size !== parts.shown.length) {
    setSnapshot(remember(items, parts.shown));
  }
  const release = () => {
    stop();
    setSnapshot(remember(items, items));
    window.scrollTo({ top: 0 });
  };
  return { ...parts, release };
}
