import { useMemo } from "react";
import { columns } from "../alerts/columns";
import type { Alert } from "../api/types";
import { useI18n } from "../i18n";
import { DataTable } from "../ui/DataTable";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { byTime } from "./summary";

interface Props {
  alerts: readonly Alert[];
  open: (id: string) => void;
  /** The alert whose evidence is open. */
  current: string | undefined;
}

/** The alerts of an incident in the order in which they first fired. */
export function AlertTable({ alerts, open, current }: Props) {
  const { t } = useI18n();
  const heads = useMemo(() => columns(t, open, false), [t, open]);
  const ordered = useMemo(() => byTime(alerts), [alerts]);
  return (
    <Panel title={t("incident.alerts")} id="alerts" className="flush" extra={count(alerts.length)}>
      <DataTable<Alert>
        label={t("incident.alerts")}
        columns={heads}
        rows={ordered}
        pageSize={50}
        rowClass={(alert) => `row-link row-${alert.rule?.level ?? "unknown"}${alert.id === current ? " row-current" : ""}`}
        onRow={(alert) => { open(alert.id); }}
      />
    </Panel>
  );
}
