import { describe, expect, it } from "vitest";
import { alert, process } from "./fixtures";
import { buildTree, contextStart, flatten, masquerade } from "./tree";
import { treeKey } from "./treeKeys";

const service = { id: "service:1", kind: "service" };
const shell = { id: "web_shell:2", kind: "web_shell" };

describe("buildTree", () => {
  it("puts children below parents in the order of their starts", () => {
    const rows = flatten(buildTree([process(30, 10), process(20, 10), process(10, 1), process(25, 20)]), new Set());
    expect(rows.map((row) => [row.process.pid, row.depth])).toEqual([[10, 0], [20, 1], [25, 2], [30, 1]]);
  });

  it("makes roots of processes whose parent is not known", () => {
    expect(buildTree([process(2, 1), process(3, undefined)]).map((node) => node.process.pid)).toEqual([2, 3]);
  });

  it("survives parents that go in a circle", () => {
    const rows = flatten(buildTree([process(1, 2), process(2, 1), process(3, 3)]), new Set());
    expect(rows.map((row) => row.process.pid).sort()).toEqual([1, 2, 3]);
  });

  it("counts the alerts below", () => {
    const [root] = buildTree([process(1, undefined), process(2, 1, { alerts: ["a", "b"] }), process(3, 2, { alerts: ["c"] })]);
    expect(root?.alerts).toBe(3);
  });

  it("leaves out what is below a closed node", () => {
    const rows = flatten(buildTree([process(1, undefined), process(2, 1), process(3, 2)]), new Set(["h1/b/2/1"]));
    expect(rows.map((row) => row.process.pid)).toEqual([1, 2]);
  });

  it("is quick for a chain as deep as an incident may be", () => {
    const chain = Array.from({ length: 3000 }, (_, at) => process(at + 1, at === 0 ? undefined : at));
    expect(flatten(buildTree(chain), new Set()).at(-1)?.depth).toBe(2999);
  });
});

describe("masquerade", () => {
  it("is an executable under a kernel thread's name", () => {
    expect(masquerade(process(1, undefined, { command_line: "[kworker/14:1]" }))).toBe("[kworker/14:1]");
  });

  it("is the name that an alert on a renaming tells", () => {
    const event = { time: "", kind: "process.rename", process: { name: "kworker/14:1", old_name: "kworker" } };
    const alerts = new Map([["a", alert("a", { event })], ["b", alert("b")]]);
    expect(masquerade(process(1, undefined, { alerts: ["a", "b"] }), alerts)).toBe("kworker/14:1");
    expect(masquerade(process(1, undefined, { alerts: ["b"] }), alerts)).toBeUndefined();
  });

  it("is neither a kernel thread nor a command with brackets in it", () => {
    expect(masquerade(process(1, undefined, { command_line: "[kworker/0:0]", executable: "" }))).toBeUndefined();
    expect(masquerade(process(1, undefined, { command_line: "[ -f x ] && y" }))).toBeUndefined();
    expect(masquerade(process(1, undefined, { command_line: "" }))).toBeUndefined();
  });
});

describe("contextStart", () => {
  it("names the context where it begins, and nowhere below", () => {
    const java = process(1, undefined, { context: service });
    const sh = process(2, 1, { context: shell });
    expect(contextStart(java, undefined)).toBe("service");
    expect(contextStart(sh, java)).toBe("web_shell");
    expect(contextStart(process(3, 2, { context: shell }), sh)).toBe("");
    expect(contextStart(process(4, 3), sh)).toBe("");
  });
});

describe("treeKey", () => {
  const rows = flatten(buildTree([process(1, undefined), process(2, 1), process(3, 2), process(4, 1)]), new Set());
  const id = (pid: number) => `h1/b/${pid}/1`;
  const press = (key: string, pid: number, closed: number[] = []) => treeKey(key, rows, new Set(closed.map(id)), id(pid));

  it("moves up, down, to both ends", () => {
    expect(press("ArrowDown", 1)).toEqual({ focus: id(2) });
    expect(press("ArrowUp", 2)).toEqual({ focus: id(1) });
    expect(press("ArrowUp", 1)).toBeUndefined();
    expect(press("Home", 3)).toEqual({ focus: id(1) });
    expect(press("End", 1)).toEqual({ focus: id(4) });
  });

  it("closes, then goes to the parent; opens, then goes to the child", () => {
    expect(press("ArrowLeft", 2)).toEqual({ toggle: id(2) });
    expect(press("ArrowLeft", 3)).toEqual({ focus: id(2) });
    expect(press("ArrowLeft", 4)).toEqual({ focus: id(1) });
    expect(press("ArrowRight", 1, [1])).toEqual({ toggle: id(1) });
    expect(press("ArrowRight", 1)).toEqual({ focus: id(2) });
    expect(press("ArrowRight", 3)).toBeUndefined();
  });

  it("shows the detail, and leaves other keys alone", () => {
    expect(press("Enter", 3)).toEqual({ detail: id(3) });
    expect(press("a", 3)).toBeUndefined();
    expect(treeKey("ArrowDown", rows, new Set(), undefined)).toBeUndefined();
  });
});
