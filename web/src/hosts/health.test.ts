import { describe, expect, it } from "vitest";
import type { Host } from "../api/types";
import { lost, sortClasses, sortHosts, tone } from "./health";

function host(name: string, more: Partial<Host> = {}): Host {
  return {
    id: name, name, org: "default", connected: true, armed: true, boot: "", classes: [], cpu_seconds: 0, hooks: [], kernel: "", labels: {}, processes: 0,
    revoked: false, rss_bytes: 0, scope: "", spool_bytes: 0, tier: 2, version: "", ...more,
  };
}
const classOf = (name: string, state: string, missing = 0) => ({ class: name, state, seen: 10, lost: missing });

describe("sortHosts", () => {
  it("puts those in trouble first", () => {
    const hosts = [
      host("revoked", { revoked: true }),
      host("fine"),
      host("lossy", { classes: [classOf("file", "lost", 3)] }),
      host("away", { connected: false }),
      host("hookless", { hooks: [{ name: "x", attached: false, error: "no" }] }),
      host("unarmed", { armed: false }),
      host("another"),
    ];
    expect(sortHosts(hosts).map((each) => each.name)).toEqual(["away", "unarmed", "hookless", "lossy", "revoked", "another", "fine"]);
  });
});

describe("coverage", () => {
  it("is good, limited as configured, or has a gap", () => {
    expect(["complete", "coalesced", "filtered", "throttled", "lost", "unavailable", "new"].map(tone)).toEqual([
      "good", "good", "limited", "gap", "gap", "gap", "gap",
    ]);
  });

  it("is listed in one order, and its losses are added", () => {
    const classes = [classOf("dns", "complete"), classOf("extra", "complete", 1), classOf("process", "lost", 4)];
    expect(sortClasses(classes).map((each) => each.class)).toEqual(["process", "dns", "extra"]);
    expect(lost(host("h", { classes }))).toBe(5);
  });
});
