import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../api/cache";
import { del, get, put } from "../api/http";
import type { Assignment, Page } from "../api/types";
import { trimmed, type Draft } from "./draft";

/** Milliseconds after which others' changes are asked for. */
const resync = 15_000;

/** All labels of hosts and images. */
export function useLabels() {
  return useQuery({
    queryKey: keys.labels,
    queryFn: ({ signal }) => get<Page<Assignment>>("/labels", signal),
    refetchInterval: resync,
  });
}

/** A change of labels, after which they are asked for again, with the hosts that have them. */
function useChange<T>(change: (wish: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => Promise.all([keys.labels, keys.hosts].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** Gives labels, instead of those that the same match had. */
export const useAssign = () => useChange((draft: Draft) => put("/labels", trimmed(draft)));

/** Takes labels away. */
export const useUnassign = () => useChange((id: string) => del(`/labels/${encodeURIComponent(id)}`));
