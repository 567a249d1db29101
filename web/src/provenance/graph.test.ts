import { describe, expect, it } from "vitest";
import { at, edge, graph, node } from "./fixtures";
import { fitting, heightOf, layout, legible, memberHeight, neighbour, nodeHeight, pathOf, zooms } from "./layout";
import { actorOf, linksOf, rolesOf, spotOfEdge, spotOfNode } from "./links";
import { refreshed } from "./useSteady";
import { gaps, inside, moments } from "./window";

const links = linksOf(graph());
const nodes = new Map((graph().nodes ?? []).map((each) => [each.id, each]));
const linkOf = (from: string, to: string) => {
  const found = links.find((link) => link.from === from && link.to === to);
  if (!found) throw new Error(`no line from ${from} to ${to}`);
  return found;
};

describe("lines", () => {
  it("are one for two nodes, with all that went on between them", () => {
    expect(links).toHaveLength(5);
    const both = linkOf("curl", "f");
    expect(both.edges.map((each) => each.op)).toEqual(["write", "attributes"]);
    expect([both.count, both.first, both.last]).toEqual([2, Date.parse(at(3)), Date.parse(at(3.5))]);
    expect(linkOf("curl", "p").bytes).toBe(4096);
  });

  it("know who acted", () => {
    expect(actorOf(edge("a", "fork", "b", 0))).toBe("b");
    expect(actorOf(edge("f", "read", "b", 0))).toBe("b");
    expect(actorOf(edge("a", "write", "f", 0))).toBe("a");
    expect(actorOf(edge("a", "connect", "p", 0))).toBe("a");
  });
});

describe("places in the log", () => {
  it("are the number of the event in the actor's boot", () => {
    expect(spotOfEdge(linkOf("curl", "p").edges[0] ?? edge("", "", "", 0), nodes)).toEqual({ around: "12", boot: "b", process: "h1/b/curl/1" });
  });

  it("are a time where the event has no number", () => {
    expect(spotOfEdge(edge("curl", "attributes", "f", 3.5, { seq: 0 }), nodes).around).toBe(at(3.5));
    expect(spotOfEdge(edge("p", "accept", "?", 1, { seq: 9 }), nodes)).toEqual({ around: at(1), boot: undefined, process: undefined });
  });

  it("select no process where a node stands for several", () => {
    const several = new Map([["curl", node("curl", { count: 3 })]]);
    expect(spotOfEdge(edge("curl", "write", "f", 1, { seq: 7 }), several)).toEqual({ around: "7", boot: "b", process: undefined });
  });

  it("of a node are what it did first, else what was first done to it, else its own time", () => {
    const spot = (id: string) => spotOfNode(nodes.get(id) ?? node(id), links, nodes);
    expect(spot("sh")?.around).toBe("11");
    expect(spot("curl")).toEqual({ around: "11", boot: "b", process: "h1/b/curl/1" });
    expect(spot("f")?.around).toBe("13");
    expect(spotOfNode(node("x", { time: at(9) }), links, nodes)).toEqual({ around: at(9), boot: "b", process: "h1/b/x/1" });
    expect(spotOfNode(node("x"), links, nodes)).toBeUndefined();
  });

  it("put the most telling role first", () => {
    expect(rolesOf(node("a", { roles: ["path", "peer", "entry"] }))).toEqual(["entry", "peer", "path"]);
  });
});

describe("the time window", () => {
  it("has a moment for each beginning and end, once", () => {
    expect(moments(links)).toEqual([1, 2, 3, 3.5, 4, 5].map((second) => Date.parse(at(second))));
  });

  it("holds lines that overlap it, and the nodes at their ends", () => {
    expect(inside(links, [Date.parse(at(4)), Date.parse(at(4.5))])).toEqual(new Set([linkOf("sh", "t").id, "sh", "t"]));
    const long = linksOf({ nodes: [], edges: [edge("a", "connect", "b", 0, { last: at(100) })] });
    expect(inside(long, [Date.parse(at(50)), Date.parse(at(51))]).size).toBe(3);
  });

  it("tells long silences", () => {
    expect(gaps([0, 1000, 601_000, 602_000])).toEqual([{ after: 1, length: 600_000 }]);
  });
});

describe("the layout", () => {
  const placed = layout([...nodes.values()], links, new Set());
  const x = (id: string) => placed.nodes.find((each) => each.node.id === id)?.x ?? NaN;

  it("goes from left to right", () => {
    expect(x("sh")).toBeLessThan(x("curl"));
    expect(x("curl")).toBeLessThan(x("f"));
    expect(x("f")).toBeLessThan(x("t"));
  });

  it("overlaps nothing, with fifty nodes as well", () => {
    const many = Array.from({ length: 50 }, (_, n) => node(`n${n}`));
    const tree = linksOf({ nodes: many, edges: many.slice(1).map((each, n) => edge(`n${Math.floor(n / 3)}`, "fork", each.id, n)) });
    const boxes = layout(many, tree, new Set()).nodes;
    for (const a of boxes) {
      for (const b of boxes) {
        if (a === b) continue;
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `${a.node.id} ${b.node.id}`).toBe(true);
      }
    }
  });

  it("makes room for what an open node stands for", () => {
    const group = node("g", { count: 30, members: Array.from({ length: 20 }, (_, n) => `h1/b/${n}/1`) });
    expect(heightOf(group, false)).toBe(nodeHeight);
    expect(heightOf(group, true)).toBe(nodeHeight + 6 + 13 * memberHeight);
    expect(layout([group], [], new Set(["g"])).nodes[0]?.height).toBe(heightOf(group, true));
  });

  it("draws what leads back, and leaves out what leads nowhere", () => {
    const back = linksOf({ nodes: [], edges: [edge("f", "exec", "t", 1), edge("t", "unlink", "f", 2), edge("t", "write", "gone", 3)] });
    const drawn = layout([node("f"), node("t")], back, new Set());
    expect(drawn.links).toHaveLength(2);
    expect(drawn.nodes[0]?.x).toBeLessThan(drawn.nodes[1]?.x ?? NaN);
  });

  it("is walked with the arrow keys, along lines first", () => {
    expect(neighbour(placed, "sh", "ArrowRight")).toBe("curl");
    expect(neighbour(placed, "f", "ArrowLeft")).toBe("curl");
    expect(neighbour(placed, "sh", "ArrowLeft")).toBeUndefined();
    expect(neighbour(placed, "sh", "a")).toBeUndefined();
    const below = neighbour(placed, "f", "ArrowDown") ?? neighbour(placed, "f", "ArrowUp");
    expect(below).toBe("p");
  });

  it("fits the room it has as long as it can be read", () => {
    const zoom = (width: number, room: number) => zooms[fitting(width, room, legible)];
    expect([zoom(500, 1400), zoom(1400, 1400), zoom(1500, 1400), zoom(9000, 1400)]).toEqual([1, 1, 0.9, 0.75]);
    expect(zooms[fitting(2670, 1376, zooms[0])]).toBe(0.5);
  });

  it("turns points into a path", () => {
    expect(pathOf([])).toBe("");
    expect(pathOf([{ x: 0, y: 0 }, { x: 9, y: 9 }])).toBe("M0,0 L9,9");
    expect(pathOf([{ x: 0, y: 0 }, { x: 5, y: 0 }, { x: 9, y: 9 }])).toBe("M0,0 Q5,0 9,9");
  });
});

describe("a graph that is being read", () => {
  it("keeps its nodes, with what became known of them", () => {
    const fresh = graph({ nodes: [node("sh", { exited: true }), node("new")], edges: [edge("curl", "connect", "p", 2, { bytes: 9000 })] });
    const steady = refreshed(graph(), fresh);
    expect(steady.nodes?.map((each) => each.id)).toEqual(["sh", "curl", "t", "f", "p"]);
    expect(steady.nodes?.[0]?.exited).toBe(true);
    expect(steady.edges?.find((each) => each.op === "connect")?.bytes).toBe(9000);
  });
});
