import { useMemo } from "react";
import type { Pack } from "../api/types";
import { named, useI18n, type Translate } from "../i18n";
import { DataTable, type Column } from "../ui/DataTable";
import { Panel } from "../ui/Panel";
import { count } from "../ui/format";
import { Time } from "../ui/Time";
import { EnableSwitch } from "./EnableSwitch";
import { gaps } from "./select";

type Row = Pack & { id: string };

function Gaps({ pack }: { pack: Pack }) {
  const { t } = useI18n();
  const all = gaps(pack);
  if (all.length === 0) return <p className="pack-gaps muted">{t("packs.whole")}</p>;
  return (
    <ul className="plain pack-gaps">
      {all.map((gap) => (
        <li key={`${gap.file}:${gap.line ?? 0}`}>
          <span className={`chip ${gap.kind === "invalid" ? "chip-gap" : ""}`}>{t(`packs.${gap.kind}`)}</span>{" "}
          <code>{gap.line ? `${gap.file}:${gap.line}` : gap.file}</code> {gap.reason}
        </li>
      ))}
    </ul>
  );
}

function columns(t: Translate): Column<Row>[] {
  return [
    { key: "name", title: t("packs.name"), cell: (p) => <b>{p.name}</b> },
    { key: "version", title: t("packs.version"), width: "90px", figures: true, cell: (p) => <span title={p.digest}>{p.version}</span> },
    { key: "rules", title: t("packs.rules"), width: "80px", figures: true, cell: (p) => count(p.report.rules) },
    {
      key: "gaps",
      title: t("packs.gaps"),
      width: "130px",
      cell: (p) => (gaps(p).length > 0 ? <span className="chip chip-gap">{count(gaps(p).length)}</span> : <span className="muted">–</span>),
    },
    { key: "source", title: t("packs.source"), width: "110px", cell: (p) => named(t, "packs.source", p.source) },
    { key: "author", title: t("packs.author"), width: "180px", from: "lg", cell: (p) => p.author },
    { key: "created", title: t("packs.created"), width: "160px", from: "lg", cell: (p) => <Time value={p.created} /> },
    { key: "enabled", title: t("rules.enabled"), width: "90px", cell: (p) => <EnableSwitch of={{ pack: p.name }} name={p.name} on={p.enabled} /> },
  ];
}

/** The packs, each with what of it is not in force and why. */
export function Packs({ packs }: { packs: readonly Pack[] }) {
  const { t } = useI18n();
  const heads = useMemo(() => columns(t), [t]);
  const rows = useMemo(() => packs.map((pack): Row => ({ ...pack, id: pack.name })), [packs]);
  return (
    <Panel title={t("packs.title")} className="flush" extra={t("packs.hint")}>
      <DataTable<Row>
        label={t("packs.title")}
        columns={heads}
        rows={rows}
        rowClass={() => "row-link"}
        detail={{ label: (pack) => t("packs.details", { name: pack.name }), render: (pack) => <Gaps pack={pack} /> }}
      />
    </Panel>
  );
}
