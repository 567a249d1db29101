import { describe, expect, it } from "vitest";
import type { Intrusion } from "../api/types";
import { entityText, reasonText } from "./entityText";
import { alert, incident } from "./fixtures";
import { alertTypes, bare, byTime, containment, entityGroups, hostsReached, outside, reasonGroups, reasonNames, reasonParts, tacticsReached, times, titleOf } from "./summary";

describe("alertTypes", () => {
  it("counts repeats, the worst level first, then the most frequent", () => {
    const rule = (title: string, level: string) => ({ title, level });
    const types = alertTypes([
      alert("a", { rule: rule("low", "low"), count: 99 }),
      alert("b", { rule: rule("rare", "critical") }),
      alert("c", { rule: rule("often", "critical"), count: 3 }),
      alert("d", { rule: rule("often", "critical") }),
    ]);
    expect(types.map((type) => [type.title, type.alerts, type.count])).toEqual([["often", 2, 4], ["rare", 1, 1], ["low", 1, 99]]);
  });

  it("counts by tactic what has several for each, with the worst level", () => {
    const types = alertTypes([
      alert("a", { rule: { level: "low", tactics: ["execution"] } }), alert("b", { rule: { level: "high", tactics: ["execution", "impact"] } }), alert("c", { rule: {} }),
    ], "tactic");
    expect(types.map((type) => [type.title, type.level, type.alerts])).toEqual([["execution", "high", 2], ["impact", "high", 1], ["", undefined, 1]]);
  });

  it("names what has no title by what it has", () => {
    expect(titleOf(alert("a", { rule: { id: "r-1" } }))).toBe("r-1");
    expect(titleOf({ id: "a", time: "", host: { id: "h" }, kind: "sensor" })).toBe("sensor");
    expect(titleOf(undefined)).toBe("–");
    expect(times(alert("a", { count: 0 }))).toBe(1);
  });
});

describe("reasonGroups", () => {
  it("gathers links by what they rest on, the strongest first, then those that join most", () => {
    const link = (a: string, b: string, reason: string, entity: string, weight: number) => ({ a, b, reason, entity, weight });
    const groups = reasonGroups([
      link("1", "2", "hash", "x", 0.9), link("2", "3", "hash", "x", 0.8), link("4", "2", "hash", "x", 0.8), link("1", "3", "lineage", "l", 1), link("3", "4", "lineage", "l", 0.8), link("3", "5", "lineage", "m", 1),
    ]);
    expect(groups.map((group) => [group.reason, group.entity, group.links.length, group.weight])).toEqual([
      ["lineage", "l", 2, 1], ["lineage", "m", 1, 1], ["hash", "x", 3, 0.9],
    ]);
  });

  it("takes compound reasons apart", () => {
    expect(reasonNames("service+command_template")).toEqual(["service", "command_template"]);
    expect(reasonParts("service+command_template", "h1 x; curl {url}")).toEqual([
      { reason: "service", of: "h1 x" }, { reason: "command_template", of: "curl {url}" },
    ]);
    expect(reasonParts("path_template", "/tmp/a; b")).toEqual([{ reason: "path_template", of: "/tmp/a; b" }]);
    // Whose the second of three is cannot be told.
    expect(reasonParts("container+path_template", "c; /tmp/a; b")).toEqual([]);
  });
});

describe("entities", () => {
  const ip = { type: "ip", value: "203.0.113.9", role: "destination" };
  const own = { type: "file", value: "h1:/dev/shm/t", role: "written" };
  const hash = { type: "hash", value: "sha256:abc", role: "image" };

  it("are counted once an alert, the most shared first", () => {
    const groups = entityGroups([own, ip, { type: "ip", value: "192.0.2.1" }], [
      alert("a", { entities: [ip, ip] }), alert("b", { entities: [ip, own] }),
    ]);
    expect(groups.get("ip")?.map((entity) => [entity.value, entity.alerts])).toEqual([["203.0.113.9", 2], ["192.0.2.1", 0]]);
    expect(groups.get("file")?.[0]?.alerts).toBe(1);
  });

  it("are shown without host and algorithm", () => {
    expect(bare(own)).toBe("/dev/shm/t");
    expect(bare({ type: "file", value: "h1:memfd:x" })).toBe("memfd:x");
    expect(bare({ type: "file", value: "odd:name" })).toBe("odd:name");
    expect(bare(hash)).toBe("abc");
    expect(bare(ip)).toBe("203.0.113.9");
  });

  it("to handle are those of the intruder outside, each once, what is gone last", () => {
    const entities = [
      ip, { ...ip, port: 443 }, { type: "ip", value: "10.1.2.3" }, { type: "ip", value: "198.51.100.1" }, own, hash,
      { type: "file", value: "h1:/etc/shadow", role: "sensitive" },
      { type: "file", value: "h1:/bin/sh", role: "system" },
      { type: "account", value: "root" },
    ];
    const file = (path: string, more: object) => ({ path, gone: false, inode: path, time: "", ...more });
    const files = [file("/dev/shm/t", { gone: true }), file("/var/tmp/x", { executed: true }), file("/tmp/log", {})];
    const intrusion = { files } as unknown as Intrusion;
    const found = containment(incident({ entities }), [intrusion], (entity) => entity.value === "198.51.100.1");
    expect([...found]).toEqual([
      ["ip", [{ value: "203.0.113.9" }]],
      ["file", [{ value: "/var/tmp/x" }, { value: "/dev/shm/t", gone: true }]],
      ["hash", [{ value: "abc" }]],
    ]);
  });

  it("of addresses, those outside are as the server has them", () => {
    const inside = ["10.0.0.1", "127.0.0.1", "172.16.0.1", "172.31.9.9", "192.168.1.1", "100.64.0.1", "100.127.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1"];
    expect(inside.filter(outside)).toEqual([]);
    const world = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "110.0.0.1", "2001:db8::1", "::ffff:8.8.8.8"];
    expect(world.filter(outside)).toEqual(world);
  });

  it("hosts come by their latest alert", () => {
    const [quiet, busy] = [{ id: "h1", name: "web-1" }, { id: "h2" }];
    const rows = hostsReached(incident({ hosts: [quiet, busy] }), [
      alert("a", { time: "2026-01-02T03:00:00Z" }),
      alert("b", { host: busy, time: "2026-01-02T02:00:00Z", last: "2026-01-02T04:00:00Z" }), alert("c", { host: busy, time: "2026-01-02T03:30:00Z" }),
    ]);
    expect(rows).toEqual([
      { host: busy, alerts: 2, last: "2026-01-02T04:00:00Z" }, { host: quiet, alerts: 1, last: "2026-01-02T03:00:00Z" },
    ]);
  });

  it("name hosts and processes as a reader does", () => {
    const key = "h-77/0b5c2f6e-8a41-4c3d-9d55-3f1e2a7b9c10/31007/97200000000000";
    expect(entityText(`web_shell:${key}`, [{ id: "h-77", name: "web-1" }])).toBe("web_shell:web-1 pid 31007");
    const files = [{ type: "file", value: "h-77:/dev/shm/t", inode: "h-77/0:27/1/2" }];
    expect(reasonText("h-77/0:27/1/2", incident({ entities: files }))).toBe("/dev/shm/t");
    expect(reasonText("h-77/0:27/9/9", incident({ entities: files, hosts: [{ id: "h-77", name: "web-1" }] }))).toBe("web-1/0:27/9/9");
    expect(entityText("x.example", [{ id: "h-77" }])).toBe("x.example");
  });
});

describe("time", () => {
  it("orders alerts, and says when a tactic was first seen", () => {
    const later = alert("late", { time: "2026-01-02T03:04:09Z", rule: { tactics: ["execution"] } });
    const early = alert("soon", { time: "2026-01-02T03:04:01Z", rule: { tactics: ["execution", "impact"] } });
    expect(byTime([later, early]).map((each) => each.id)).toEqual(["soon", "late"]);
    expect(tacticsReached([later, early]).get("execution")).toEqual({ alerts: 2, first: early.time });
    expect(tacticsReached([later, early]).get("impact")?.alerts).toBe(1);
  });
});
