import type { GraphNode } from "../api/types";
import { named, type Translate } from "../i18n";
import { base } from "../ui/format";
import { nodeHeight, type Placed } from "./layout";

/** The outline of a node by its type: what it is can be told without colour. */
export function outline({ node, width: w, height: h }: Placed): string {
  switch (node.type) {
    case "file": // a corner is folded
      return `M4,0 H${w - 12} L${w},12 V${h - 4} Q${w},${h} ${w - 4},${h} H4 Q0,${h} 0,${h - 4} V4 Q0,0 4,0 Z`;
    case "socket": // round at both ends
      return `M20,0 H${w - 20} A20,20 0 0 1 ${w - 20},${h} H20 A20,20 0 0 1 20,0 Z`;
    case "domain": // pointed at both ends
      return `M12,0 H${w - 12} L${w},${h / 2} L${w - 12},${h} H12 L0,${h / 2} Z`;
    default:
      return `M5,0 H${w - 5} Q${w},0 ${w},5 V${h - 5} Q${w},${h} ${w - 5},${h} H5 Q0,${h} 0,${h - 5} V5 Q0,0 5,0 Z`;
  }
}

/** The signs in front of the names, on a field of 14 pixels. */
const signs: Record<string, string> = {
  process: "M2,2 H12 V12 H2 Z M4.5,5 L6.5,7 L4.5,9 M7.5,9.5 H10",
  file: "M3,1 H8.5 L11.5,4 V13 H3 Z M8.5,1 V4 H11.5",
  socket: "M1,7 H4 M10,7 H13 M4,3.5 V10.5 H7 A3.5,3.5 0 0 0 7,3.5 Z",
  host: "M1,2 H13 V9.5 H1 Z M5,12.5 H9 M7,9.5 V12.5",
  alert: "M7,1.5 L13,12.5 H1 Z M7,5.5 V9 M7,10.6 V11",
  container: "M1.5,4 L7,1.5 L12.5,4 V10 L7,12.5 L1.5,10 Z M1.5,4 L7,6.5 L12.5,4 M7,6.5 V12.5",
  hash: "M5,1.5 L4,12.5 M10,1.5 L9,12.5 M2,5 H12.5 M1.5,9 H12",
  tie: "M4.5,9.5 L9.5,4.5 M6,3.5 L7.5,2 A3,3 0 0 1 12,6.5 L10.5,8 M8,10.5 L6.5,12 A3,3 0 0 1 2,7.5 L3.5,6",
  domain: "M7,1.2 A5.8,5.8 0 1 0 7.01,1.2 Z M1.5,7 H12.5 M7,1.2 C3.6,4 3.6,10 7,12.8 M7,1.2 C10.4,4 10.4,10 7,12.8",
};

export function Sign({ type }: { type: string }) {
  return <path className="sign" transform={`translate(12,${nodeHeight / 2 - 7})`} d={signs[type] ?? signs.process} />;
}

/** A text that fits into so many letters of the drawing; wide ones count twice. */
export function fit(text: string, letters: number): string {
  let used = 0;
  let out = "";
  for (const letter of text) {
    used += letter > "\u2e80" ? 2 : 1;
    if (used > letters) return `${out.slice(0, -1)}…`;
    out += letter;
  }
  return out;
}

/** How many a node stands for. */
function many(node: GraphNode, t: Translate): string {
  const n = node.count ?? 1;
  return node.type === "process" ? t("prov.members", { n }) : t("node.many", { n, type: named(t, "node", node.type) });
}

/** A title on two lines, broken between words; the second is cut by who draws it. */
function lines(title: string, letters: number): [string, string] {
  const words = title.split(" ");
  let first = words.shift() ?? "";
  while (words[0] !== undefined && `${first} ${words[0]}`.length <= letters) first += ` ${words.shift() ?? ""}`;
  return [first, words.join(" ")];
}

/** The two lines of a node: what it is called, and more of it. */
export function captions(node: GraphNode, t: Translate, letters = 16): [string, string] {
  if (node.type !== "process") {
    const name = node.path ?? node.label;
    if (node.type === "alert") return lines(name, letters);
    if ((node.count ?? 1) > 1) return [node.type === "file" ? base(name) : name, many(node, t)];
    if (node.type === "tie" && name.includes(" ")) return lines(name, letters);
    if (node.type !== "file") return [name, named(t, "node", node.type)];
    const dir = name.slice(0, name.length - base(name).length);
    return [base(name), dir || named(t, "node", node.type)];
  }
  const name = base(node.executable ?? node.label.split(" ")[0] ?? node.label);
  if ((node.count ?? 1) > 1) return [name, t("prov.members", { n: node.count ?? 1 })];
  const [first = "", ...rest] = node.label.split(" ");
  const more = base(first) === name ? rest.join(" ") : node.label;
  return [name, more || (node.user ?? named(t, "node", node.type))];
}

/** What a node is and what is marked on it, in words. */
export function describe(node: GraphNode, roles: readonly string[], t: Translate): string {
  return [
    `${named(t, "node", node.type)} ${node.label}`,
    ...roles.map((role) => named(t, "role", role)),
    ...((node.count ?? 1) > 1 ? [many(node, t)] : []),
    ...(node.exited ? [t("prov.exited")] : []),
    ...(node.gone ? [t("prov.gone")] : []),
    ...(node.stored ? [t("prov.stored")] : []),
  ].join(t("prov.comma"));
}
