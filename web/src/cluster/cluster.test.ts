import { describe, expect, it } from "vitest";
import type { Alert, Graph } from "../api/types";
import { alert, incident, process } from "../incident/fixtures";
import { layout } from "../provenance/layout";
import { linksOf } from "../provenance/links";
import { around, cluster } from "./cluster";

const of = (title: string) => ({ title, level: "high" });
const lines = (graph: Graph) => (graph.edges ?? []).map(({ from, op, to, count }) => [from.replaceAll("\n", " "), op, to.replaceAll("\n", " "), count]);
const labels = (graph: Graph) => (graph.nodes ?? []).map(({ type, label, count }) => [type, label, count ?? 1]);

describe("a cluster", () => {
  it("has alerts by rule and host, and each reason between the alerts that it joins", () => {
    const alerts = [alert("a", { rule: of("shell"), count: 3 }), alert("b", { rule: of("shell") }), alert("c", { rule: of("beacon") })];
    const reasons = [
      { a: "a", b: "b", reason: "service+command_template", entity: "s; curl <url>", weight: 0.86 },
      { a: "b", b: "c", reason: "address", entity: "203.0.113.9", weight: 0.85 },
    ];
    const graph = cluster(incident({ reasons }), alerts, []);
    expect(lines(graph)).toEqual([
      ["host h1", "", "alert shell h1", 4], ["host h1", "", "alert beacon h1", 1],
      ["alert shell h1", "service", "tie s", 2], ["alert shell h1", "command_template", "tie curl <url>", 2],
      ["alert shell h1", "address", "socket 203.0.113.9", 1], ["alert beacon h1", "address", "socket 203.0.113.9", 1],
    ]);
    expect(labels(graph)).toContainEqual(["alert", "shell", 2]);
  });

  it("names an entity once, whether it is a reason or only named", () => {
    const file = { type: "file", value: "h1:/dev/shm/t", inode: "h1/0:27/1/2", role: "written" };
    const key = "h1/b/7/1";
    const alerts = [alert("a", { entities: [file, { type: "process", value: key }, { type: "account", value: "root" }] }), alert("bb", { entities: [file] })];
    const reasons = [{ a: "a", b: "bb", reason: "file_flow", entity: "h1/0:27/1/2", weight: 1 }];
    const graph = cluster(incident({ reasons, entities: [file] }), alerts, [process(7, undefined)]);
    expect(labels(graph).filter(([type]) => type !== "alert")).toEqual([["host", "web-1", 1], ["file", "/dev/shm/t", 1], ["process", "p7 --run", 1]].sort());
    expect(lines(graph).filter(([, , to]) => to === "file h1:/dev/shm/t").map(([, op]) => op)).toEqual(["file_flow", "file_flow"]);
    expect(graph.nodes?.find(({ type }) => type === "file")?.roles).toEqual(["brought"]);
  });

  it("calls a container by its name", () => {
    const box = { type: "container", value: "a5ce6be7", role: "api" };
    const graph = cluster(incident({ entities: [box] }), [alert("a", { entities: [box] }), alert("b", { entities: [{ type: "container", value: "77" }] })], []);
    expect(labels(graph).filter(([type]) => type === "container")).toEqual([["container", "77", 1], ["container", "api", 1]]);
  });

  it("draws as one what has the same lines, and stays small when 500 things are named", () => {
    const many = Array.from({ length: 300 }, (_, at): Alert => alert(`x${at}`, {
      host: { id: `h${at}` }, rule: of(at % 2 ? "shell" : "beacon"), entities: [{ type: "ip", value: `203.0.${at}.1` }],
    }));
    const graph = cluster(incident(), many, []);
    expect(labels(graph).sort()).toEqual([
      ["alert", "beacon", 150], ["alert", "shell", 150], ["host", "h0", 150], ["host", "h1", 150], ["socket", "203.0.0.1", 150], ["socket", "203.0.1.1", 150],
    ]);
    expect(lines(graph)).toHaveLength(4);

    // Nothing alike: 40 rules, and 460 addresses, each named by two of them.
    const unlike = Array.from({ length: 460 }, (_, at) =>
      [at % 40, (7 * at + Math.floor(at / 40) + 1) % 40].map((rule, side) =>
        alert(`y${at}-${side}`, { rule: of(`rule ${rule}`), entities: [{ type: "ip", value: `198.51.${at}.1` }] }))).flat();
    const bounded = cluster(incident(), unlike, []);
    expect(bounded.nodes).toHaveLength(80);
    expect(bounded.left).toBeGreaterThan(300);
    const placed = layout(bounded.nodes ?? [], linksOf(bounded), new Set());
    expect(placed.links.every(({ points }) => points.length > 1)).toBe(true);
  });

  it("lights a node with its lines and their other ends, and a line with its ends", () => {
    const links = [{ id: "1", from: "a", to: "b" }, { id: "2", from: "b", to: "c" }];
    expect([...around("a", links)].sort()).toEqual(["1", "a", "b"]);
    expect([...around("2", links)].sort()).toEqual(["2", "b", "c"]);
  });
});
