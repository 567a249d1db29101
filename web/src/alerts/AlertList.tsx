import { Button, Input } from "antd";
import { useMemo, useRef, useState } from "react";
import { useAlerts } from "../api/queries";
import type { Alert } from "../api/types";
import { useI18n } from "../i18n";
import { titleOf } from "../incident/summary";
import { DataTable } from "../ui/DataTable";
import { HeldBar } from "../ui/HeldBar";
import { hostName } from "../ui/Hosts";
import { Await, Nothing } from "../ui/State";
import { useHeld } from "../ui/useHeld";
import { columns, gist } from "./columns";
import { EvidenceDrawer } from "./EvidenceDrawer";
import { useEvidence } from "./useEvidence";

/** The alerts that match a text, newest first. */
export function select(alerts: readonly Alert[], text: string): Alert[] {
  const wanted = text.trim().toLowerCase();
  return alerts
    .filter((alert) => `${titleOf(alert)}\n${hostName(alert.host)}\n${gist(alert)}`.toLowerCase().includes(wanted))
    .sort((a, b) => b.time.localeCompare(a.time) || a.id.localeCompare(b.id));
}

function Rows({ alerts, open, current }: { alerts: readonly Alert[]; open: (id: string) => void; current: string | undefined }) {
  const { t } = useI18n();
  const area = useRef<HTMLDivElement>(null);
  const { shown, held, release } = useHeld(alerts, area);
  const heads = useMemo(() => columns(t, open, true), [t, open]);
  return (
    <div ref={area}>
      <HeldBar
        text={held.length > 0 ? t("alerts.held", { n: held.length }) : undefined}
        detail={titleOf(held[0])}
        release={release}
      />
      <DataTable<Alert>
        label={t("alerts.title")}
        columns={heads}
        rows={shown}
        rowClass={(alert) => `row-link row-${alert.rule?.level ?? "unknown"}${alert.id === current ? " row-current" : ""}`}
        onRow={(alert) => { open(alert.id); }}
        empty={<Nothing title={t("alerts.empty")} hint={t("alerts.empty.hint")} />}
      />
    </div>
  );
}

/** All alerts, live, each with the incident it belongs to. */
export function AlertList() {
  const { t } = useI18n();
  const query = useAlerts();
  const [text, setText] = useState("");
  const [evidence, open] = useEvidence();
  const alerts = useMemo(() => select(query.data?.pages.flatMap((page) => page.items) ?? [], text), [query.data, text]);
  return (
    <>
      <div className="page-head">
        <h1>{t("alerts.title")}</h1>
        <div className="filters">
          <Input
            allowClear
            className="search"
            value={text}
            placeholder={t("filter.search.alerts")}
            aria-label={t("filter.search.alerts")}
            onChange={(event) => { setText(event.target.value); }}
          />
        </div>
      </div>
      <Await query={query}>
        {() => (
          <>
            <Rows alerts={alerts} open={open} current={evidence} />
            {query.hasNextPage && (
              <div className="more">
                <Button loading={query.isFetchingNextPage} onClick={() => { void query.fetchNextPage(); }}>
                  {t("state.more")}
                </Button>
              </div>
            )}
          </>
        )}
      </Await>
      <EvidenceDrawer id={evidence} order={alerts.map((alert) => alert.id)} open={open} />
    </>
  );
}
