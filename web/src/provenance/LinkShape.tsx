import { named, useI18n, type Translate } from "../i18n";
import { bytes, count } from "../ui/format";
import { mostOps, pathOf, rowHeight, type Drawn } from "./layout";
import type { Link } from "./links";

/** What a line says: the operations, how often, and how much. */
export function linkText(link: Link, t: Translate): string {
  const ops = [...new Set(link.edges.map((edge) => edge.op))].map((op) => named(t, "op", op)).join(" · ");
  const often = link.count > link.edges.length ? ` ×${count(link.count)}` : "";
  const much = link.bytes > 0 ? ` ${bytes(link.bytes)}` : "";
  return ops + often + much;
}

/** The rows of a line's label: see rowsOf. */
function rows(link: Link, t: Translate): string[] {
  const ops = [...new Set(link.edges.map((edge) => edge.op))].map((op) => named(t, "op", op));
  const often = link.count > link.edges.length ? `×${count(link.count)}` : "";
  const more = ops.length > mostOps ? `+${ops.length - mostOps}` : "";
  const last = [more, often, link.bytes > 0 ? bytes(link.bytes) : ""].filter(Boolean).join(" ");
  return [...ops.slice(0, mostOps), ...(last ? [last] : [])];
}

interface Props {
  drawn: Drawn;
  dim: boolean;
  selected: boolean;
  /** What a node is called. */
  nameOf: (id: string) => string;
  onSelect: (link: Link) => void;
}

/** One line of the drawing. Its hit area is wider than it is. */
export function LinkShape({ drawn, dim, selected, nameOf, onSelect }: Props) {
  const { t } = useI18n();
  const { link } = drawn;
  const path = pathOf(drawn.points);
  const text = linkText(link, t);
  const failed = link.edges.every((edge) => edge.op === "connect_failed");
  return (
    <g
      className={`glink ${dim ? "dim" : ""} ${selected ? "selected" : ""} ${failed ? "failed" : ""}`}
      role="button"
      tabIndex={-1}
      aria-label={`${nameOf(link.from)} → ${nameOf(link.to)}: ${text}`}
      onClick={() => { onSelect(link); }}
    >
      <title>{`${nameOf(link.from)} → ${nameOf(link.to)}\n${text}`}</title>
      <path className="hit" d={path} />
      <path className="line" d={path} markerEnd="url(#arrow)" />
      {rows(link, t).map((row, at, all) => (
        <text key={row} x={drawn.x} y={drawn.y + 4 + (at - (all.length - 1) / 2) * rowHeight}>{row}</text>
      ))}
    </g>
  );
}
