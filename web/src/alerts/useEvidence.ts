import { useCallback } from "react";
import { useSearchParams } from "react-router";

/**
 * The alert whose evidence is open. It is part of the address, so that a link
 * leads to it and going back closes it.
 */
export function useEvidence(): [string | undefined, (id: string | undefined) => void] {
  const [params, setParams] = useSearchParams();
  const open = useCallback(
    (id: string | undefined) => {
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          if (id) next.set("alert", id);
          else next.delete("alert");
          return next;
        },
        { preventScrollReset: true },
      );
    },
    [setParams],
  );
  return [params.get("alert") ?? undefined, open];
}
