import { Segmented } from "antd";
import { useState } from "react";
import type { Alert } from "../api/types";
import { named, useI18n } from "../i18n";
import { count } from "../ui/format";
import { Level } from "../ui/Level";
import { Panel } from "../ui/Panel";
import { alertTypes } from "./summary";

const ways = ["rule", "tactic"] as const;

/** What fired and how often: one bar for each rule, or for each tactic. */
export function AlertTypes({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useI18n();
  const [by, setBy] = useState<(typeof ways)[number]>("rule");
  const types = alertTypes(alerts, by);
  const most = Math.max(...types.map((type) => type.count), 1);
  const title = (value: string) => (by === "rule" ? value : value === "" ? t("types.notactic") : named(t, "tactic", value));
  return (
    <Panel
      title={t("incident.types")}
      className="types"
      extra={<Segmented size="small" value={by} options={ways.map((value) => ({ value, label: t(`types.by.${value}`) }))} onChange={setBy} />}
    >
      <ul className="plain">
        {types.map((type) => (
          <li key={type.title} title={`${title(type.title)}\n${t("alerts.counts", { alerts: type.alerts, count: type.count })}`}>
            <Level value={type.level} />
            <span className="types-name">{title(type.title)}</span>
            <b className="figures">{count(type.count)}</b>
            <progress className={`bar bar-${type.level ?? "unknown"}`} value={type.count} max={most} aria-hidden="true" />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
