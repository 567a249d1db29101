import { describe, expect, it } from "vitest";
import type { HostEvent } from "../api/types";
import { alert } from "../incident/fixtures";
import { select } from "./AlertList";
import { gist, target } from "./columns";
import { endpoint } from "./ObjectFacts";

const event = (more: Partial<HostEvent>): HostEvent => ({ time: "", kind: "process.exec", ...more });

describe("gist", () => {
  it("is the command line, else what was acted on", () => {
    expect(gist(alert("a", { event: event({ process: { command_line: "curl x" }, file: { path: "/f" } }) }))).toBe("curl x");
    expect(gist(alert("a", { event: event({ file: { path: "/f" } }) }))).toBe("/f");
    expect(gist(alert("a", { event: event({ message: "refused" }) }))).toBe("refused");
    expect(gist(alert("a"))).toBe("");
  });
});

describe("target", () => {
  it("is the peer, the name asked for, the new name, the file", () => {
    const of = (more: Partial<HostEvent>) => target(alert("a", { event: event(more) }));
    expect(of({ destination: { ip: "203.0.113.9", port: 443 } })).toBe("203.0.113.9:443");
    expect(of({ dns: { question: { name: "x.example" } }, destination: { ip: "192.0.2.53" } })).toBe("x.example");
    expect(of({ kind: "process.rename", process: { name: "kworker/14:1" } })).toBe("→ kworker/14:1");
    expect(of({ file: { path: "/etc/shadow" } })).toBe("/etc/shadow");
    expect(target(alert("a"))).toBe("");
  });
});

describe("select", () => {
  it("finds rules, hosts and command lines, newest first", () => {
    const one = alert("one", { time: "2026-01-01T00:00:00Z", event: event({ process: { command_line: "CURL x" } }) });
    const two = alert("two", { time: "2026-01-02T00:00:00Z" });
    expect(select([one, two], "").map((each) => each.id)).toEqual(["two", "one"]);
    expect(select([one, two], "curl").map((each) => each.id)).toEqual(["one"]);
    expect(select([one, two], "web-1")).toHaveLength(2);
  });
});

describe("endpoint", () => {
  it("puts IPv6 in brackets where a port follows", () => {
    expect(endpoint({ ip: "203.0.113.9", port: 443 })).toBe("203.0.113.9:443");
    expect(endpoint({ ip: "2001:db8::1", port: 443 })).toBe("[2001:db8::1]:443");
    expect(endpoint({ ip: "2001:db8::1" })).toBe("2001:db8::1");
  });
});
