import type { Pack, Problem } from "../api/types";
import { rank } from "../ui/Level";
import type { RuleRow } from "./queries";

/** The rules that match a text and a pack ("" for any): those that fire first, then the graver. */
export function select(rules: readonly RuleRow[], text: string, pack: string): RuleRow[] {
  const wanted = text.trim().toLowerCase();
  return rules
    .filter((rule) => pack === "" || rule.pack === pack)
    .filter((rule) =>
      [rule.title, rule.rule, rule.file, ...(rule.techniques ?? []), ...(rule.tactics ?? [])].join("\n").toLowerCase().includes(wanted),
    )
    .sort((a, b) => b.hits - a.hits || rank(a.level) - rank(b.level) || a.title.localeCompare(b.title));
}

/** A file of a pack that is not in force whole, and why. */
export interface Gap extends Problem {
  kind: "invalid" | "unsupported";
}

/** What of a pack is not in force: invalid files before unsupported ones. */
export function gaps(pack: Pack): Gap[] {
  return [
    ...(pack.report.invalid ?? []).map((problem) => ({ ...problem, kind: "invalid" as const })),
    ...(pack.report.unsupported ?? []).map((problem) => ({ ...problem, kind: "unsupported" as const })),
  ];
}
