import type { Alert, IncidentProcess } from "../api/types";

/** A process with those it started. */
export interface TreeNode {
  process: IncidentProcess;
  children: TreeNode[];
  depth: number;
  /** Alerts here and below. */
  alerts: number;
}

function byStart(a: TreeNode, b: TreeNode): number {
  return (a.process.start ?? "").localeCompare(b.process.start ?? "") || a.process.pid - b.process.pid;
}

/**
 * Orders children and works out depths and sums. Without recursion: an
 * intruder decides how deep a chain of processes is.
 */
function settle(roots: readonly TreeNode[]): void {
  const order: TreeNode[] = [];
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    order.push(node);
    node.children.sort(byStart);
    for (const child of node.children) child.depth = node.depth + 1;
    stack.push(...node.children);
  }
  for (const node of order.reverse()) {
    node.alerts = node.children.reduce((sum, child) => sum + child.alerts, node.process.alerts.length);
  }
}

/** Whether making `parent` the parent of `node` would close a circle. */
function circular(node: TreeNode, parent: TreeNode, parents: ReadonlyMap<TreeNode, TreeNode>): boolean {
  for (let at: TreeNode | undefined = parent; at; at = parents.get(at)) if (at === node) return true;
  return false;
}

/**
 * Makes trees of processes by their parents' keys. A process whose parent is
 * not among them is a root. The order is that of their starts, so that what
 * comes later is added below.
 */
export function buildTree(processes: readonly IncidentProcess[]): TreeNode[] {
  const nodes = new Map<string, TreeNode>();
  for (const process of processes) nodes.set(process.key, { process, children: [], depth: 0, alerts: 0 });
  const parents = new Map<TreeNode, TreeNode>();
  const roots: TreeNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.process.parent);
    if (!parent || circular(node, parent, parents)) {
      roots.push(node);
      continue;
    }
    parents.set(node, parent);
    parent.children.push(node);
  }
  settle(roots);
  return roots.sort(byStart);
}

/** The rows of trees from top to bottom, without what is below closed nodes. */
export function flatten(roots: readonly TreeNode[], closed: ReadonlySet<string>): TreeNode[] {
  const rows: TreeNode[] = [];
  const stack = [...roots].reverse();
  for (let node = stack.pop(); node; node = stack.pop()) {
    rows.push(node);
    if (!closed.has(node.process.key)) stack.push(...[...node.children].reverse());
  }
  return rows;
}

/**
 * The false name that a process shows itself under, or undefined: a kernel
 * thread's command line, or the name that an alert on its renaming tells. A
 * kernel thread has no executable, so one that has is only posing.
 */
export function masquerade(process: IncidentProcess, alerts: ReadonlyMap<string, Alert> = new Map()): string | undefined {
  if (!process.executable) return undefined;
  const shown = process.command_line.trim();
  if (/^\[[^\]]+\]$/.test(shown)) return shown;
  const renames = process.alerts.map((id) => alerts.get(id)?.event).filter((event) => event?.kind === "process.rename");
  return renames.at(-1)?.process?.name;
}

/** The execution context that begins with this process, "" where none does. */
export function contextStart(process: IncidentProcess, parent: IncidentProcess | undefined): string {
  if (!process.context || process.context.id === parent?.context?.id) return "";
  return process.context.kind;
}
