import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../api/cache";
import { del, get, post } from "../api/http";
import { everything } from "../api/queries";
import type { Decision, Lesson, Page } from "../api/types";
import { bodyOf, type Answers, type Wish } from "./wish";

/** Milliseconds after which others' decisions are asked for. */
const resync = 15_000;

/**
 * Decisions about an incident, and the latest about any: what was decided about
 * an incident that became part of this one carries that one's id.
 */
export function useDecisions(incident: string) {
  return useQuery({
    queryKey: keys.decisionsAbout(incident),
    queryFn: async ({ signal }) => {
      const [own, latest] = await Promise.all([
        everything<Decision>("/decisions", signal, { incident }),
        get<Page<Decision>>("/decisions?order=newest&limit=500", signal),
      ]);
      return [...own.items, ...latest.items];
    },
    refetchInterval: resync,
  });
}

/** The reasons that analysts confirmed or rejected, and what they weigh since. */
export function useLessons() {
  return useQuery({
    queryKey: keys.lessons,
    queryFn: ({ signal }) => get<Page<Lesson>>("/reasons", signal),
    refetchInterval: resync,
  });
}

/** Carries a wish out, after which decisions are asked for again. */
export function useDecide(incident: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ wish, answers }: { wish: Wish; answers: Answers }) => {
      if (wish.kind === "withdraw") await del(`/decisions/${encodeURIComponent(wish.decision.id)}`);
      else await post("/decisions", bodyOf(wish, incident, answers));
    },
    onSettled: () => Promise.all([keys.decisions, keys.lessons].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
