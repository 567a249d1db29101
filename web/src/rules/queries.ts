import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../api/cache";
import { get, post } from "../api/http";
import { everything } from "../api/queries";
import type { Pack, Page, Rule, Source } from "../api/types";

/** Milliseconds after which hits and reports are asked for again. */
const resync = 30_000;

/** A rule as a row: its key stands for an id, which not every rule has. */
export type RuleRow = Rule & { id: string };

/** The packs with the reports of their load. */
export function usePacks() {
  return useQuery({
    queryKey: keys.packs,
    queryFn: ({ signal }) => get<Page<Pack>>("/rule-packs", signal),
    refetchInterval: resync,
  });
}

/** All rules with their hits in the last day. */
export function useRules() {
  return useQuery({
    queryKey: keys.rules,
    queryFn: async ({ signal }) =>
      (await everything<Rule>("/rules", signal)).items.map((rule): RuleRow => ({ ...rule, id: rule.rule })),
    refetchInterval: resync,
  });
}

/** The file that holds a rule. */
export function useSource(rule: string) {
  return useQuery({
    queryKey: keys.source(rule),
    queryFn: ({ signal }) => get<Source>(`/rules/source?rule=${encodeURIComponent(rule)}`, signal),
  });
}

interface Switch {
  /** The name of a pack, or the key of a rule. */
  of: { pack: string } | { rule: string };
  enabled: boolean;
}

/** Enables or disables a pack or a rule; what is on screen is asked for again. */
export function useSwitch() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ of, enabled }: Switch) =>
      "pack" in of
        ? post(`/rule-packs/${encodeURIComponent(of.pack)}/enabled`, { enabled })
        : post("/rules/enabled", { rule: of.rule, enabled }),
    onSettled: () =>
      Promise.all([keys.packs, keys.rules].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
