import { Tabs } from "antd";
import type { Intrusion } from "../api/types";
import { useI18n } from "../i18n";
import { DataTable, type Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { Panel } from "../ui/Panel";
import { changeColumns, fileColumns, peerColumns, processColumns, readColumns, rootColumns, type Row } from "./listColumns";

interface ListProps<T> {
  label: string;
  columns: readonly Column<Row<T>>[];
  items: readonly T[] | null | undefined;
  idOf: (item: T) => string;
  rowClass?: (item: T) => string;
}

function List<T extends object>({ label, columns, items, idOf, rowClass }: ListProps<T>) {
  const { t } = useI18n();
  const rows = (items ?? []).map((item, at): Row<T> => ({ ...item, id: `${idOf(item)}/${at}` }));
  return (
    <DataTable<Row<T>>
      label={label}
      columns={columns}
      rows={rows}
      pageSize={25}
      rowClass={(row) => rowClass?.(row) ?? ""}
      empty={<p className="muted list-empty">{t("list.none")}</p>}
    />
  );
}

/** What an intrusion did, as lists: one for each kind of thing. */
export function Lists({ intrusion }: { intrusion: Intrusion }) {
  const { t } = useI18n();
  const pruned = intrusion.pruned ?? {};
  const tab = (key: "files" | "persistence" | "peers" | "reads" | "processes" | "roots", lost: number | undefined, children: React.ReactNode) => ({
    key,
    label: (
      <>
        {t(`list.${key}`)} <span className="muted figures">{count(intrusion[key]?.length ?? 0)}</span>
        {(lost ?? 0) > 0 && <span className="chip chip-limited" title={t("list.pruned.why")}>{t("list.pruned", { n: count(lost ?? 0) })}</span>}
      </>
    ),
    children,
  });
  const past = (gone: boolean | undefined) => (gone ? "row-past" : "");
  return (
    <Panel title={t("list.title")} id="lists" className="flush">
      <Tabs
        size="small"
        className="list-tabs"
        items={[
          tab("files", pruned.files, <List label={t("list.files")} columns={fileColumns(t)} items={intrusion.files} idOf={(f) => f.inode} rowClass={(f) => past(f.gone)} />),
          tab("persistence", pruned.persistence, <List label={t("list.persistence")} columns={changeColumns(t)} items={intrusion.persistence} idOf={(c) => c.path} rowClass={(c) => past(c.undone)} />),
          tab("peers", pruned.peers, <List label={t("list.peers")} columns={peerColumns(t)} items={intrusion.peers} idOf={(p) => p.name ?? p.ip ?? ""} />),
          tab("reads", pruned.reads, <List label={t("list.reads")} columns={readColumns(t)} items={intrusion.reads} idOf={(r) => r.path} />),
          tab("processes", pruned.processes, <List label={t("list.processes")} columns={processColumns(t)} items={intrusion.processes} idOf={(p) => p.key} rowClass={(p) => past(!p.alive)} />),
          tab("roots", intrusion.more_roots, <List label={t("list.roots")} columns={rootColumns(t)} items={intrusion.roots} idOf={(r) => r.process} />),
        ]}
      />
    </Panel>
  );
}
