import type { Alert } from "../api/types";
import { named, useI18n } from "../i18n";
import { localTime } from "../ui/format";
import { tacticOrder } from "../ui/Tactics";
import { tacticsReached } from "./summary";

/** Shown only where an alert has them: ATT&CK is moving from one to the others. */
const transitional = new Set(["defense-evasion", "stealth", "defense-impairment", "reconnaissance", "resource-development"]);

/** How far the intruder got: the tactics in order, those with alerts marked. */
export function Reach({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useI18n();
  const reached = tacticsReached(alerts);
  const steps = tacticOrder.filter((tactic) => reached.has(tactic) || !transitional.has(tactic));
  return (
    <ol className="reach plain" aria-label={t("incident.reach")}>
      {steps.map((tactic) => {
        const seen = reached.get(tactic);
        const note = seen
          ? t("tactics.alerts", { n: seen.alerts, time: localTime(new Date(seen.first)) })
          : t("tactics.none");
        return (
          <li key={tactic} className={seen ? "reach-seen" : ""} title={note}>
            <span>{named(t, "tactic", tactic)}</span>
            <b aria-label={note}>{seen ? seen.alerts : "–"}</b>
          </li>
        );
      })}
    </ol>
  );
}
