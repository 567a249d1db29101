import { useEffect, useEffectEvent } from "react";

/**
 * Calls close on Escape while open. A drawer without a mask does not have the
 * focus, so it is heard in the page.
 */
export function useEscape(open: boolean, close: () => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  });
  useEffect(() => {
    if (!open) return;
    window.addEventListener("keydown", onKey);
    return () => { window.removeEventListener("keydown", onKey); };
  }, [open]);
}
