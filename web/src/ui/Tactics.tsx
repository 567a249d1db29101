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

/** How many tactics a row names; the rest are counted. */
const most = 4;

/** Tactics as short labels. */
export function Tactics({ values }: { values: readonly string[] }) {
  const { t } = useI18n();
  const names = sortTactics(values).map((value) => named(t, "tactic", value));
  return (
    <span className="tactics" title={names.join(" → ")}>
      {names.slice(0, most).map((name) => (
        <span key={name} className="chip">
          {name}
        </span>
      ))}
      {names.length > most && <span className="chip">{t("hosts.more", { n: names.length - most })}</span>}
    </span>
  );
}
