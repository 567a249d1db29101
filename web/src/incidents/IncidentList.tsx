import { Button, Input, Segmented } from "antd";
import { useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useIncidents } from "../api/queries";
import type { Incident } from "../api/types";
import { useI18n } from "../i18n";
import { DataTable } from "../ui/DataTable";
import { HeldBar } from "../ui/HeldBar";
import { Await, Nothing } from "../ui/State";
import { useHeld } from "../ui/useHeld";
import { columns } from "./columns";
import { select, type Filter, type StatusFilter } from "./filter";

const statuses: StatusFilter[] = ["open", "closed", "all"];

function FilterBar({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const { t } = useI18n();
  return (
    <div className="filters">
      <Segmented<StatusFilter>
        value={filter.status}
        options={statuses.map((value) => ({ value, label: t(value === "all" ? "filter.all" : `status.${value}`) }))}
        onChange={(status) => { change({ ...filter, status }); }}
      />
      <Input
        allowClear
        className="search"
        value={filter.text}
        placeholder={t("filter.search")}
        aria-label={t("filter.search")}
        onChange={(event) => { change({ ...filter, text: event.target.value }); }}
      />
    </div>
  );
}

function NoRows({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const { t } = useI18n();
  if (!filtered) return <Nothing title={t("incidents.empty")} hint={t("incidents.empty.hint")} />;
  return (
    <Nothing title={t("filter.none")}>
      <Button onClick={clear}>{t("filter.clear")}</Button>
    </Nothing>
  );
}

function Rows({ incidents, filter, clear }: { incidents: readonly Incident[]; filter: Filter; clear: () => void }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const area = useRef<HTMLDivElement>(null);
  const selected = useMemo(() => select(incidents, filter), [incidents, filter]);
  const { shown, held, release } = useHeld(selected, area);
  const heads = useMemo(() => columns(t), [t]);
  const newest = held[0];
  return (
    <div ref={area}>
      <HeldBar
        text={newest && t("incidents.held", { n: held.length })}
        detail={newest?.title ?? ""}
        release={release}
      />
      <DataTable<Incident>
        label={t("incidents.title")}
        columns={heads}
        rows={shown}
        rowClass={(incident) => `row-link row-${incident.level ?? "unknown"}`}
        onRow={(incident) => { void navigate(`/incidents/${encodeURIComponent(incident.id)}`); }}
        empty={<NoRows filtered={incidents.length > 0} clear={clear} />}
      />
    </div>
  );
}

const everything: Filter = { status: "all", text: "" };

/** The page a duty analyst starts from: incidents, live. */
export function IncidentList() {
  const { t } = useI18n();
  const query = useIncidents();
  const [filter, setFilter] = useState<Filter>({ status: "open", text: "" });
  const incidents = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return (
    <>
      <div className="page-head">
        <h1>{t("incidents.title")}</h1>
        <FilterBar filter={filter} change={setFilter} />
      </div>
      <Await query={query}>
        {() => (
          <>
            <Rows incidents={incidents} filter={filter} clear={() => { setFilter(everything); }} />
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
    </>
  );
}
