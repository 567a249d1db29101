import type { Stage } from "../api/types";

/** The stages of the kill chain, in the order of tactics. */
export const stageNames = [
  "initial_access", "download", "permission", "execution", "command_and_control", "persistence", "privilege_escalation",
  "credential_access", "discovery", "lateral_movement", "exfiltration", "impact",
] as const;

const rank: Record<string, number> = { yes: 2, unknown: 1, not_seen: 0 };

function join(a: Stage, b: Stage): Stage {
  const [more, less] = (rank[b.state] ?? 1) > (rank[a.state] ?? 1) ? [b, a] : [a, b];
  const incomplete = [...new Set([...(a.incomplete ?? []), ...(b.incomplete ?? [])])].sort();
  if (more.state !== less.state) return incomplete.length > 0 ? { ...more, incomplete } : more;
  const first = more.time && less.time && Date.parse(less.time) < Date.parse(more.time) ? less : more;
  return { ...first, count: (a.count ?? 0) + (b.count ?? 0), incomplete };
}

/**
 * The stages of several intrusions as one chain: seen where one shows it, not
 * seen only where telemetry was complete for all of them.
 */
export function joinStages(chains: readonly (readonly Stage[])[]): Stage[] {
  const joined = new Map<string, Stage>();
  for (const stage of chains.flat()) {
    const have = joined.get(stage.stage);
    joined.set(stage.stage, have ? join(have, stage) : stage);
  }
  return stageNames.map((name) => joined.get(name) ?? { stage: name, state: "unknown" });
}
