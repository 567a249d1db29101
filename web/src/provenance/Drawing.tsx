import { useEffect, useRef } from "react";
import type { GraphNode } from "../api/types";
import { useI18n } from "../i18n";
import { neighbour, type Layout } from "./layout";
import { LinkShape } from "./LinkShape";
import type { Link } from "./links";
import { NodeShape } from "./NodeShape";

interface Props {
  /** What the drawing is of; the way back and on where none is given. */
  label?: string;
  layout: Layout;
  zoom: number;
  /** The ids of what is within the time window; none dims nothing. */
  lit: ReadonlySet<string> | undefined;
  /** The id of the node or line whose events are shown. */
  selected: string | undefined;
  /** The node that the keyboard is at. */
  current: string | undefined;
  open: ReadonlySet<string>;
  nameOf: (process: string) => string;
  onCurrent: (id: string) => void;
  onNode: (node: GraphNode, member?: string) => void;
  onLink: (link: Link) => void;
  onToggle: (node: GraphNode) => void;
}

/** The graph as a drawing that scrolls: nodes are walked with the arrow keys. */
export function Drawing({ label, layout, zoom, lit, selected, current, open, nameOf, ...on }: Props) {
  const { t } = useI18n();
  const area = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const nodes = new Map(layout.nodes.map(({ node }) => [node.id, node]));
  const focused = current !== undefined && nodes.has(current) ? current : layout.nodes[0]?.node.id;

  // The keyboard moves the focus after the node was drawn as the current one.
  useEffect(() => {
    if (!moved.current || !focused) return;
    moved.current = false;
    const drawn = [...(area.current?.querySelectorAll<SVGGElement>("[data-node]") ?? [])].find((each) => each.dataset.node === focused);
    drawn?.focus({ preventScroll: true });
    drawn?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [focused]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const node = focused === undefined ? undefined : nodes.get(focused);
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") on.onNode(node);
    else if ((event.key === "+" || event.key === "-") && (node.count ?? 1) > 1) on.onToggle(node);
    else {
      const next = neighbour(layout, node.id, event.key);
      if (!next) return;
      moved.current = true;
      on.onCurrent(next);
    }
    event.preventDefault();
  };

  return (
    <div className="drawing" ref={area} onKeyDown={onKeyDown}>
      <svg
        role="group"
        aria-label={label ?? t("prov.graph.label")}
        width={layout.width * zoom}
        height={layout.height * zoom}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
      >
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path className="arrow" d="M0,0 L8,4 L0,8 Z" />
          </marker>
        </defs>
        {layout.links.map((drawn) => (
          <LinkShape
            key={drawn.link.id}
            drawn={drawn}
            dim={lit !== undefined && !lit.has(drawn.link.id)}
            selected={drawn.link.id === selected}
            nameOf={(id) => nodes.get(id)?.label ?? id}
            onSelect={on.onLink}
          />
        ))}
        {layout.nodes.map((placed) => (
          <NodeShape
            key={placed.node.id}
            placed={placed}
            dim={lit !== undefined && !lit.has(placed.node.id)}
            selected={placed.node.id === selected}
            focusable={placed.node.id === focused}
            open={open.has(placed.node.id)}
            nameOf={nameOf}
            onSelect={(node, member) => {
              on.onCurrent(node.id);
              on.onNode(node, member);
            }}
            onToggle={on.onToggle}
          />
        ))}
      </svg>
    </div>
  );
}
