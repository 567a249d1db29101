import type { GraphNode } from "../api/types";
import { named, useI18n } from "../i18n";
import { memberHeight, mostMembers, nodeHeight, type Placed } from "./layout";
import { rolesOf } from "./links";
import { captions, describe, fit, outline, Sign } from "./shapes";

interface Props {
  placed: Placed;
  /** Outside of the time window. */
  dim: boolean;
  selected: boolean;
  focusable: boolean;
  open: boolean;
  /** What a process of the node is called. */
  nameOf: (process: string) => string;
  onSelect: (node: GraphNode, member?: string) => void;
  onToggle: (node: GraphNode) => void;
}

/** What a node stands for, one line each. */
function Members({ placed, nameOf, onSelect }: Pick<Props, "placed" | "nameOf" | "onSelect">) {
  const { t } = useI18n();
  const { node } = placed;
  const members = (node.members ?? []).slice(0, mostMembers);
  const more = (node.count ?? members.length) - members.length;
  return (
    <g className="members">
      {members.map((key, at) => (
        <text
          key={key}
          role="button"
          x={32}
          y={nodeHeight + 12 + at * memberHeight}
          onClick={(event) => {
            event.stopPropagation();
            onSelect(node, key);
          }}
        >
          <title>{nameOf(key)}</title>
          {fit(nameOf(key), 19)}
        </text>
      ))}
      {more > 0 && <text className="muted-text" x={32} y={nodeHeight + 12 + members.length * memberHeight}>{t("prov.more", { n: more })}</text>}
    </g>
  );
}

/** The handle that shows what a node stands for. */
function Toggle({ placed, open, onToggle }: Pick<Props, "placed" | "open" | "onToggle">) {
  const { t } = useI18n();
  return (
    <g
      className="unfold"
      role="button"
      aria-label={t(open ? "prov.collapse" : "prov.expand")}
      transform={`translate(${placed.width - 24},${nodeHeight / 2 - 9})`}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(placed.node);
      }}
    >
      <title>{t(open ? "prov.collapse" : "prov.expand")}</title>
      <rect width={18} height={18} rx={4} />
      <path d={open ? "M5,9 H13" : "M5,9 H13 M9,5 V13"} />
    </g>
  );
}

/** One node of the drawing. */
export function NodeShape({ placed, dim, selected, focusable, open, nameOf, onSelect, onToggle }: Props) {
  const { t } = useI18n();
  const { node, x, y } = placed;
  const roles = rolesOf(node).filter((role) => role !== "path");
  const folds = (node.count ?? 1) > 1;
  // Pixels beside the sign and the handle, over those of a letter of either size.
  const room = placed.width - (folds ? 62 : 32);
  const [letters, small] = [Math.floor(room / 7.6), Math.floor(room / 6.25)];
  const [name, more] = captions(node, t, letters);
  const state = [dim && "dim", selected && "selected", node.exited && "exited", node.gone && "gone", node.stored && "stored"].filter(Boolean).join(" ");
  const tag = [
    ...roles.slice(0, 2).map((role) => named(t, "role", role)),
    node.gone && t("prov.gone"),
    node.exited && t("prov.exited"),
    node.stored && t("prov.stored"),
  ].filter(Boolean).join(" · ");
  return (
    <g
      className={`gnode gnode-${node.type} grole-${roles[0] ?? "none"} ${state}`}
      transform={`translate(${x},${y})`}
      role="button"
      tabIndex={focusable ? 0 : -1}
      data-node={node.id}
      aria-label={describe(node, roles, t)}
      aria-pressed={selected}
      aria-expanded={folds ? open : undefined}
      onClick={() => { onSelect(node); }}
    >
      <title>{node.label}</title>
      <path className="shape" d={outline(placed)} />
      <Sign type={node.type} />
      <text className="name" x={32} y={17}>{fit(name, letters)}</text>
      <text className="more" x={32} y={31}>{fit(more, small)}</text>
      {tag && <text className="tag" x={node.type === "socket" || node.type === "domain" ? 14 : 2} y={-4}>{fit(tag, 30)}</text>}
      {folds && <Toggle placed={placed} open={open} onToggle={onToggle} />}
      {folds && open && <Members placed={placed} nameOf={nameOf} onSelect={onSelect} />}
    </g>
  );
}
