import type { Alert } from "../api/types";
import { useI18n } from "../i18n";
import { count } from "../ui/format";
import { Level } from "../ui/Level";
import { Panel } from "../ui/Panel";
import { alertTypes } from "./summary";

/** What fired and how often: one bar for each type of alert. */
export function AlertTypes({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useI18n();
  const types = alertTypes(alerts);
  const most = Math.max(...types.map((type) => type.count), 1);
  return (
    <Panel title={t("incident.types")} className="types" extra={count(types.length)}>
      <ul className="plain">
        {types.map((type) => (
          <li key={type.title} title={t("alerts.counts", { alerts: type.alerts, count: type.count })}>
            <Level value={type.level} />
            <span className="types-name">{type.title}</span>
            <b className="figures">{count(type.count)}</b>
            <progress className={`bar bar-${type.level ?? "unknown"}`} value={type.count} max={most} aria-hidden="true" />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
