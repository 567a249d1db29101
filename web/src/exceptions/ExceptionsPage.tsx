import { Button, Popconfirm } from "antd";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { Exception } from "../api/types";
import { useI18n, type Translate } from "../i18n";
import { useRole } from "../session/role";
import { DataTable, type Column } from "../ui/DataTable";
import { count } from "../ui/format";
import { Await, explain, Nothing } from "../ui/State";
import { Time } from "../ui/Time";
import { draftFor, draftOf, sortExceptions, type Draft } from "./draft";
import { Editor } from "./Editor";
import { ExceptionDetail } from "./ExceptionDetail";
import { Proposals } from "./Proposals";
import { useExceptions, useRemove } from "./queries";

function Remove({ exception }: { exception: Exception }) {
  const { t } = useI18n();
  const may = useRole("responder");
  const remove = useRemove();
  if (exception.state !== "active") return null;
  return (
    <span onClick={(event) => { event.stopPropagation(); }} role="presentation">
      <Popconfirm
        title={t("exceptions.remove.sure")}
        okText={t("exceptions.remove")}
        cancelText={t("exceptions.keep")}
        disabled={!may}
        onConfirm={() => { remove.mutate(exception.id); }}
      >
        <Button size="small" type="text" disabled={!may} loading={remove.isPending}>{t("exceptions.remove")}</Button>
      </Popconfirm>
      {remove.error && <span className="bad" role="alert">{explain(remove.error, t)}</span>}
    </span>
  );
}

function columns(t: Translate): Column<Exception>[] {
  return [
    { key: "state", title: t("col.status"), width: "100px", cell: (x) => <span className={`dot ${x.state === "active" ? "dot-connected" : "muted"}`}>{t(`exceptions.state.${x.state}`)}</span> },
    { key: "reason", title: t("exceptions.reason"), cell: (x) => <b title={x.reason}>{x.reason}</b> },
    { key: "scope", title: t("exceptions.scope"), width: "30%", cell: (x) => <code title={x.selection}>{x.selection?.replaceAll("\n", " · ") ?? x.rules?.join(", ")}</code> },
    { key: "owner", title: t("exceptions.owner"), width: "120px", cell: (x) => x.owner },
    { key: "hits", title: t("exceptions.hits"), width: "90px", figures: true, cell: (x) => count(x.hits) },
    { key: "last", title: t("exceptions.last"), width: "104px", from: "lg", cell: (x) => <Time value={x.last_hit} as="ago" /> },
    { key: "expires", title: t("exceptions.expires"), width: "160px", cell: (x) => <Time value={x.expires} /> },
    { key: "remove", title: "", width: "90px", cell: (x) => <Remove exception={x} /> },
  ];
}

/** The exceptions with what they hid, the editor, and what the server proposes. */
export function ExceptionsPage() {
  const { t } = useI18n();
  const query = useExceptions();
  const [search, setSearch] = useSearchParams();
  const wanted = search.get("new");
  const [draft, setDraft] = useState<Draft | undefined>(wanted ? draftFor([wanted]) : undefined);
  const heads = useMemo(() => columns(t), [t]);
  const rows = useMemo(() => sortExceptions(query.data?.items ?? []), [query.data]);
  const close = () => {
    setDraft(undefined);
    setSearch({}, { replace: true });
  };
  return (
    <>
      <div className="page-head">
        <h1>{t("exceptions.title")}</h1>
        <div className="filters">
          <Button type="primary" onClick={() => { setDraft(draftFor([])); }}>{t("exceptions.new")}</Button>
        </div>
      </div>
      <div className="column">
        <Await query={query}>
          {() => (
            <DataTable<Exception>
              label={t("exceptions.title")}
              columns={heads}
              rows={rows}
              rowClass={() => "row-link"}
              detail={{ label: (x) => t("exceptions.details", { id: x.id }), render: (x) => <ExceptionDetail exception={x} /> }}
              empty={<Nothing title={t("exceptions.empty")} hint={t("exceptions.empty.hint")} />}
            />
          )}
        </Await>
        <Proposals accept={(proposal) => { setDraft(draftOf(proposal)); }} />
      </div>
      {draft && <Editor start={draft} close={close} />}
    </>
  );
}
