import type { Change, IntrusionFile, IntrusionProcess, Peer, Read, Root } from "../api/types";
import { named, type Translate } from "../i18n";
import { Code } from "../ui/Code";
import type { Column } from "../ui/DataTable";
import { bytes, count } from "../ui/format";
import { Time } from "../ui/Time";
import { peerText } from "./facts";

/** A row of a list, by which it is told apart. */
export type Row<T> = T & { id: string };

const dash = <span className="muted">–</span>;
const code = (text: string | undefined) => (text ? <Code>{text}</Code> : dash);
const size = (n: number | undefined) => (n ? bytes(n) : dash);

function Marks({ marks }: { marks: readonly (string | false | undefined)[] }) {
  return <>{marks.filter((mark) => mark).map((mark) => <span key={String(mark)} className="chip">{mark}</span>)}</>;
}

export const fileColumns = (t: Translate): Column<Row<IntrusionFile>>[] => [
  { key: "time", title: t("col.time"), width: "120px", cell: (f) => <Time value={f.time} /> },
  { key: "path", title: t("list.path"), width: "24%", cell: (f) => <Code>{f.path}</Code> },
  {
    key: "state", title: t("prov.state"), width: "190px",
    cell: (f) => (
      <>
        <Marks marks={[f.executed ? t("file.executed") : f.executable && t("file.executable"), f.memory && t("file.memory")]} />{" "}
        {f.gone ? <>{t("file.deleted")} <Time value={f.gone_at} as="clock" /></> : !f.memory && t("file.there")}
      </>
    ),
  },
  { key: "size", title: t("list.size"), width: "84px", figures: true, cell: (f) => size(f.size) },
  { key: "hash", title: t("evidence.hash"), width: "150px", cell: (f) => code(f.sha256) },
  { key: "from", title: t("list.from"), width: "150px", from: "lg", cell: (f) => code(f.from) },
  { key: "by", title: t("list.by"), cell: (f) => code(f.by) },
];

/** Lines that were added and removed, as a difference is written. */
function Diff({ change, more }: { change: Change; more: string }) {
  return (
    <pre className="diff">
      {(change.removed ?? []).map((line, at) => <del key={`-${at}`}>{`- ${line}\n`}</del>)}
      {(change.added ?? []).map((line, at) => <ins key={`+${at}`}>{`+ ${line}\n`}</ins>)}
      {change.cut && <span className="muted">{more}</span>}
    </pre>
  );
}

export const changeColumns = (t: Translate): Column<Row<Change>>[] => [
  { key: "time", title: t("col.time"), width: "120px", cell: (c) => <Time value={c.time} /> },
  { key: "class", title: t("list.class"), width: "110px", cell: (c) => named(t, "persistence.class", c.class) },
  { key: "path", title: t("list.path"), width: "22%", cell: (c) => <Code>{c.path}</Code> },
  {
    key: "action", title: t("list.action"), width: "150px",
    cell: (c) => <>{named(t, "persistence.action", c.action)}{c.undone && <> <span className="chip">{t("persistence.undone")} <Time value={c.undone_at} as="clock" /></span></>}</>,
  },
  { key: "lines", title: t("list.lines"), cell: (c) => <Diff change={c} more={t("list.lines.cut")} /> },
  { key: "ran", title: t("list.ran"), width: "16%", from: "lg", cell: (c) => (c.ran?.length ? <Code>{c.ran.join("; ")}</Code> : dash) },
  { key: "by", title: t("list.by"), width: "14%", cell: (c) => code(c.by) },
];

export const peerColumns = (t: Translate): Column<Row<Peer>>[] => [
  { key: "first", title: t("evidence.first"), width: "120px", cell: (p) => <Time value={p.first} /> },
  { key: "peer", title: t("role.peer"), width: "22%", cell: (p) => <Code>{peerText(p)}</Code> },
  {
    key: "where", title: t("prov.state"), width: "190px",
    cell: (p) => <Marks marks={[p.name ? t("node.domain") : t(p.inside ? "peer.inside" : "peer.outside"), p.inbound && t("peer.inbound"), p.failed && t("peer.failed")]} />,
  },
  { key: "out", title: t("list.out"), width: "96px", figures: true, cell: (p) => size(p.bytes_out) },
  { key: "in", title: t("list.in"), width: "96px", figures: true, cell: (p) => size(p.bytes_in) },
  { key: "count", title: t("col.count"), width: "66px", figures: true, cell: (p) => count(p.count) },
  { key: "host", title: t("col.host"), width: "130px", from: "lg", cell: (p) => p.host ?? dash },
  { key: "by", title: t("list.by"), cell: (p) => code(p.by) },
];

export const readColumns = (t: Translate): Column<Row<Read>>[] => [
  { key: "first", title: t("evidence.first"), width: "120px", cell: (r) => <Time value={r.first} /> },
  { key: "class", title: t("list.class"), width: "130px", cell: (r) => named(t, "read.class", r.class) },
  { key: "path", title: t("list.path"), width: "34%", cell: (r) => <Code>{r.path}</Code> },
  { key: "state", title: t("prov.state"), width: "110px", cell: (r) => t(r.denied ? "read.denied" : "read.read") },
  { key: "size", title: t("list.size"), width: "84px", figures: true, cell: (r) => size(r.size) },
  { key: "count", title: t("col.count"), width: "66px", figures: true, cell: (r) => count(r.count) },
  { key: "by", title: t("list.by"), cell: (r) => code(r.by) },
];

export const processColumns = (t: Translate): Column<Row<IntrusionProcess>>[] => [
  { key: "start", title: t("list.start"), width: "120px", cell: (p) => <Time value={p.start} /> },
  { key: "pid", title: "pid", width: "76px", figures: true, cell: (p) => p.key.split("/")[2] ?? dash },
  {
    key: "state", title: t("prov.state"), width: "170px",
    cell: (p) => <>{p.alive ? <b>{t("prov.alive")}</b> : <span className="muted">{t("prov.exited")}</span>} <Marks marks={[p.brought && t("process.brought")]} /></>,
  },
  { key: "user", title: t("col.user"), width: "84px", cell: (p) => p.user ?? dash },
  { key: "exe", title: t("evidence.executable"), width: "22%", cell: (p) => code(p.executable) },
  { key: "command", title: t("col.command"), cell: (p) => code(p.command_line) },
];

export const rootColumns = (t: Translate): Column<Row<Root>>[] => [
  { key: "time", title: t("col.time"), width: "120px", cell: (r) => <Time value={r.time} /> },
  { key: "kind", title: t("evidence.context"), width: "130px", cell: (r) => (r.kind ? named(t, "tree.context", r.kind) : dash) },
  { key: "source", title: t("evidence.source"), width: "140px", cell: (r) => code(r.source) },
  { key: "user", title: t("col.user"), width: "84px", cell: (r) => r.user ?? dash },
  { key: "command", title: t("col.command"), cell: (r) => code(r.command_line) },
  { key: "joined", title: t("list.joined"), width: "22%", cell: (r) => r.joined ?? <span className="muted">{t("list.joined.first")}</span> },
];
