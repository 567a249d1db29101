import type { TreeNode } from "./tree";

/** What a key does in the tree: where focus goes, what is toggled. */
export interface Move {
  focus?: string;
  toggle?: string;
  detail?: string;
}

function to(row: TreeNode | undefined): Move | undefined {
  return row && { focus: row.process.key };
}

/** The keys of the ARIA tree pattern. Undefined where the key means nothing here. */
export function treeKey(
  key: string,
  rows: readonly TreeNode[],
  closed: ReadonlySet<string>,
  current: string | undefined,
): Move | undefined {
  const at = rows.findIndex((row) => row.process.key === current);
  const row = rows[at];
  if (!row) return undefined;
  const id = row.process.key;
  const shut = closed.has(id);
  switch (key) {
    case "ArrowDown":
      return to(rows[at + 1]);
    case "ArrowUp":
      return to(rows[at - 1]);
    case "Home":
      return to(rows[0]);
    case "End":
      return to(rows.at(-1));
    case "ArrowRight":
      if (row.children.length === 0) return undefined;
      return shut ? { toggle: id } : to(rows[at + 1]);
    case "ArrowLeft":
      if (row.children.length > 0 && !shut) return { toggle: id };
      return to(rows.slice(0, at).findLast((other) => other.depth < row.depth));
    case "Enter":
    case " ":
      return { detail: id };
    default:
      return undefined;
  }
}
