import { named, useI18n } from "../i18n";

/** ATT&CK tactics in the order of an intrusion. */
export const tacticOrder = [
  "reconnaissance",
  "resource-development",
  "initial-access",
  "execution",
  "persistence",
  "privilege-escalation",
  "defense-evasion",
  "stealth",
  "defense-impairment",
  "credential-access",
  "discovery",
  "lateral-movement",
  "collection",
  "command-and-control",
  "exfiltration",
  "impact",
] as const;

/** Tactics in the order of an intrusion, unknown ones last. */
export function sortTactics(tactics: readonly string[]): string[] {
  const at = (tactic: string) => {
    const index = tacticOrder.findIndex((each) => each === tactic);
    return index < 0 ? tacticOrder.length : index;
  };
  return [...tactics].sort((a, b) => at(a) - at(b));
}

/** Tactics as short labels on one line. */
export function Tactics({ values }: { values: readonly string[] }) {
  const { t } = useI18n();
  const names = sortTactics(values).map((value) => named(t, "tactic", value));
  return (
    <span className="tactics" title={names.join(" → ")}>
      {names.map((name) => (
        <span key={name} className="chip">
          {name}
        </span>
      ))}
    </span>
  );
}
