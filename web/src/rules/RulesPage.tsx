import { Button, Input, Select } from "antd";
import { useMemo, useState } from "react";
import { useI18n, type Translate } from "../i18n";
import { DataTable, type Column } from "../ui/DataTable";
import { Level } from "../ui/Level";
import { count } from "../ui/format";
import { Await, Nothing } from "../ui/State";
import { Tactics } from "../ui/Tactics";
import { EnableSwitch } from "./EnableSwitch";
import { Packs } from "./Packs";
import { usePacks, useRules, type RuleRow } from "./queries";
import { RuleDetail } from "./RuleDetail";
import { select } from "./select";

function columns(t: Translate): Column<RuleRow>[] {
  return [
    { key: "level", title: t("col.level"), width: "90px", cell: (r) => <Level value={r.level} /> },
    { key: "title", title: t("rules.rule"), cell: (r) => <span className={r.in_force ? "row-title" : "row-title muted"}>{r.title}</span> },
    { key: "tactics", title: t("col.tactics"), width: "24%", from: "lg", cell: (r) => <Tactics values={r.tactics ?? []} /> },
    { key: "pack", title: t("packs.name"), width: "120px", cell: (r) => r.pack },
    {
      key: "hits",
      title: t("rules.hits"),
      width: "110px",
      figures: true,
      cell: (r) => <span className={r.hits > 0 ? "" : "muted"}>{count(r.hits)}</span>,
    },
    { key: "state", title: t("col.status"), width: "110px", cell: (r) => <span className={`dot ${r.in_force ? "dot-connected" : "muted"}`}>{t(r.in_force ? "rules.inforce" : "rules.off")}</span> },
    { key: "enabled", title: t("rules.enabled"), width: "90px", cell: (r) => <EnableSwitch of={{ rule: r.rule }} name={r.title} on={r.enabled} /> },
  ];
}

interface Filter {
  text: string;
  pack: string;
}

function FilterBar({ packs, filter, change }: { packs: readonly string[]; filter: Filter; change: (filter: Filter) => void }) {
  const { t } = useI18n();
  return (
    <div className="filters">
      <Select
        className="pack-choice"
        value={filter.pack}
        aria-label={t("packs.name")}
        options={[{ value: "", label: t("rules.allpacks") }, ...packs.map((value) => ({ value, label: value }))]}
        onChange={(pack) => { change({ ...filter, pack }); }}
      />
      <Input
        allowClear
        className="search"
        value={filter.text}
        placeholder={t("filter.search.rules")}
        aria-label={t("filter.search.rules")}
        onChange={(event) => { change({ ...filter, text: event.target.value }); }}
      />
    </div>
  );
}

const everything: Filter = { text: "", pack: "" };

/** The rules by pack: what is in force, what fired in the last day, and the source of each. */
export function RulesPage() {
  const { t } = useI18n();
  const packs = usePacks();
  const rules = useRules();
  const [filter, setFilter] = useState(everything);
  const heads = useMemo(() => columns(t), [t]);
  const shown = useMemo(() => select(rules.data ?? [], filter.text, filter.pack), [rules.data, filter]);
  const names = useMemo(() => (packs.data?.items ?? []).map((pack) => pack.name), [packs.data]);
  return (
    <>
      <div className="page-head">
        <h1>{t("rules.title")}</h1>
        <FilterBar packs={names} filter={filter} change={setFilter} />
      </div>
      <div className="column">
        <Await query={packs}>{(data) => <Packs packs={data.items} />}</Await>
        <Await query={rules}>
          {() => (
            <DataTable<RuleRow>
              label={t("rules.title")}
              columns={heads}
              rows={shown}
              rowClass={(rule) => `row-link row-${rule.level ?? "unknown"}`}
              detail={{ label: (rule) => t("rules.details", { name: rule.title }), render: (rule) => <RuleDetail rule={rule} /> }}
              empty={
                <Nothing title={t("filter.none")}>
                  <Button onClick={() => { setFilter(everything); }}>{t("filter.clear")}</Button>
                </Nothing>
              }
            />
          )}
        </Await>
      </div>
    </>
  );
}
