import { Button } from "antd";
import { useMemo, useState } from "react";
import { useHosts } from "../api/queries";
import type { Host } from "../api/types";
import { useI18n } from "../i18n";
import { empty, draftOfHost, type Draft } from "../labels/draft";
import { LabelsDrawer } from "../labels/LabelsDrawer";
import { useLabels } from "../labels/queries";
import { DataTable } from "../ui/DataTable";
import { Await, Nothing } from "../ui/State";
import { columns } from "./columns";
import { sortHosts } from "./health";
import { Fleet } from "./Fleet";
import { HostDetail } from "./HostDetail";

/** The hosts with the health of their sensors, live; those in trouble first. */
export function HostList() {
  const { t } = useI18n();
  const query = useHosts();
  const heads = useMemo(() => columns(t), [t]);
  const labels = useLabels().data?.items ?? [];
  const [draft, setDraft] = useState<Draft>();
  const hosts = useMemo(() => sortHosts(query.data?.items ?? []), [query.data]);
  return (
    <>
      <div className="page-head">
        <h1>{t("hosts.title")}</h1>
        <Fleet />
        <Button className="page-action" onClick={() => { setDraft(empty); }}>{t("labels.title")}</Button>
      </div>
      <Await query={query}>
        {() => (
          <DataTable<Host>
            label={t("hosts.title")}
            columns={heads}
            rows={hosts}
            detail={{
              label: (host) => t("hosts.details", { name: host.name || host.id }),
              render: (host) => <HostDetail host={host} edit={() => { setDraft(draftOfHost(host, labels)); }} />,
            }}
            rowClass={() => "row-link"}
            empty={<Nothing title={t("hosts.empty")} hint={t("hosts.empty.hint")} />}
          />
        )}
      </Await>
      {draft && <LabelsDrawer key={`${draft.kind} ${draft.match}`} start={draft} close={() => { setDraft(undefined); }} />}
    </>
  );
}
