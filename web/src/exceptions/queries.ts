import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../api/cache";
import { del, get, post } from "../api/http";
import { everything } from "../api/queries";
import type { Exception, Firing, Page, Preview, Proposal } from "../api/types";
import type { Draft } from "./draft";
import { scopeOf, termsOf } from "./draft";

/** Milliseconds after which hits are asked for again. */
const resync = 15_000;

/** All exceptions, ended ones included. */
export function useExceptions() {
  return useQuery({
    queryKey: keys.exceptions,
    queryFn: ({ signal }) => everything<Exception>("/exceptions", signal),
    refetchInterval: resync,
  });
}

/** The latest firings that an exception hid. */
export function useHidden(id: string) {
  return useQuery({
    queryKey: keys.hidden(id),
    queryFn: ({ signal }) => get<Page<Firing>>(`/exceptions/${encodeURIComponent(id)}/hidden`, signal),
    refetchInterval: resync,
  });
}

/** What the server proposes; only asked for where the reader may see it. */
export function useProposals(enabled: boolean) {
  return useQuery({
    queryKey: keys.proposals,
    queryFn: ({ signal }) => get<Page<Proposal>>("/exception-proposals", signal),
    enabled,
  });
}

/** What a draft would have hidden of the stored alerts. */
export function usePreview() {
  return useMutation({
    mutationFn: ({ draft, since }: { draft: Draft; since: string }) =>
      post<Preview>("/exceptions/preview", { ...scopeOf(draft), since }),
  });
}

/** A change of exceptions or proposals, after which both are asked for again. */
export function useChange<T>(change: (wish: T) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([keys.exceptions, keys.proposals].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** Puts a draft in force: a new exception, or a proposal that is accepted. */
export const useAdd = () =>
  useChange((draft: Draft) =>
    draft.proposal
      ? post(`/exception-proposals/${encodeURIComponent(draft.proposal)}/accept`, termsOf(draft))
      : post("/exceptions", { ...scopeOf(draft), ...termsOf(draft) }),
  );

/** Ends an exception before its time. */
export const useRemove = () => useChange((id: string) => del(`/exceptions/${encodeURIComponent(id)}`));

/** Dismisses a proposal, or takes that back. */
export const useDismiss = () =>
  useChange(({ id, dismiss }: { id: string; dismiss: boolean }) => {
    const path = `/exception-proposals/${encodeURIComponent(id)}/dismiss`;
    return dismiss ? post(path) : del(path);
  });
