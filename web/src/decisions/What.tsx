import { useAlert } from "../api/queries";
import type { Decision, Incident } from "../api/types";
import { named, useI18n } from "../i18n";
import { entityText, reasonText } from "../incident/entityText";
import { bare, titleOf } from "../incident/summary";

/** The other incident, named by one of its alerts: ids of incidents may change hands, alerts do not. */
function That({ alert }: { alert: string }) {
  const { t } = useI18n();
  const found = useAlert(alert).data;
  return <>{t("decided.that", { title: found ? titleOf(found) : alert })}</>;
}

/** What a decision decided, in one line. */
export function What({ decision: d, incident }: { decision: Decision; incident: Incident }) {
  const { t } = useI18n();
  const label = <b>{named(t, "decided", d.kind)}</b>;
  switch (d.kind) {
    case "close":
      return <>{label} {named(t, "verdict", d.verdict ?? "")}</>;
    case "demote":
      return <>{label} {d.entity && <>{named(t, "entity", d.entity.type)} <code>{entityText(bare(d.entity), incident.hosts ?? [])}</code></>}</>;
    case "confirm":
    case "reject":
      return <>{label} {named(t, "reason", d.reason ?? "")} <code>{reasonText(d.of ?? "", incident)}</code></>;
    case "split":
      return <>{label} {t("decided.alerts", { n: d.alerts?.length ?? 0 })}</>;
    case "move":
      return <>{label} {t("decided.alerts", { n: d.alerts?.length ?? 0 })} {t("decided.into")} <That alert={d.into ?? ""} /></>;
    case "merge":
      return <>{label} <That alert={d.alerts?.find((id) => !incident.alerts?.includes(id)) ?? d.alerts?.[1] ?? ""} /></>;
    default:
      return label;
  }
}
