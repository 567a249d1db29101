import { describe, expect, it } from "vitest";
import type { Decision } from "../api/types";
import { incident } from "../incident/fixtures";
import { bodyOf, closing, concerning, demoting, isComplete, judging } from "./wish";

const at = (second: number) => `2026-01-02T03:04:0${second}Z`;
const decision = (id: string, more: Partial<Decision>): Decision => ({ id, kind: "demote", at: at(1), ...more });

describe("a wish", () => {
  it("is complete once it says what the server needs", () => {
    expect(isComplete({ kind: "close" }, { note: "why" })).toBe(false);
    expect(isComplete({ kind: "close" }, { note: "", verdict: "test" })).toBe(true);
    expect(isComplete({ kind: "merge" }, { note: "", with: "" })).toBe(false);
    expect(isComplete({ kind: "move", alerts: ["a"] }, { note: "", with: "i2" })).toBe(true);
    expect(isComplete({ kind: "split", alerts: ["a"] }, { note: "" })).toBe(true);
  });

  it("says to the server what its kind needs, and nothing else", () => {
    const said = { note: " why ", verdict: "test", with: "i2" } as const;
    expect(bodyOf({ kind: "close" }, "i1", said)).toEqual({ kind: "close", incident: "i1", note: "why", verdict: "test" });
    expect(bodyOf({ kind: "split", alerts: ["a"] }, "i1", { ...said, note: " " })).toEqual({ kind: "split", incident: "i1", alerts: ["a"] });
    expect(bodyOf({ kind: "move", alerts: ["a"] }, "i1", said)).toEqual({ kind: "move", incident: "i1", note: "why", alerts: ["a"], with: "i2" });
    const file = { type: "file", value: "h:/t", inode: "h/1/2", role: "written" };
    expect(bodyOf({ kind: "demote", entity: file }, "i1", said).entity).toEqual({ type: "file", value: "h:/t", inode: "h/1/2" });
    expect(bodyOf({ kind: "reject", reason: "hash", of: "x" }, "i1", said)).toEqual({ kind: "reject", incident: "i1", note: "why", reason: "hash", of: "x" });
  });
});

describe("decisions", () => {
  const ip = { type: "ip", value: "192.0.2.1" };
  const here = incident({ alerts: ["a"], entities: [ip] });

  it("concern an incident by its id, its alerts or its entities, each once and the newest first", () => {
    const found = concerning(here, [
      decision("own", { incident: "i1" }), decision("own", { incident: "i1" }),
      decision("merged", { kind: "merge", incident: "i2", alerts: ["b", "a"], at: at(3) }),
      decision("into", { kind: "move", incident: "i2", alerts: ["b"], into: "a", at: at(2) }),
      decision("nat", { incident: "i2", entity: ip, at: at(4) }),
      decision("other", { incident: "i2", alerts: ["b"], entity: { type: "domain", value: "192.0.2.1" } }),
    ]);
    expect(found.map(({ id }) => id)).toEqual(["nat", "merged", "into", "own"]);
  });

  it("count until they are withdrawn", () => {
    const close = decision("c", { kind: "close", incident: "i1" });
    expect(closing("i1", [close])).toBe(close);
    expect(closing("i2", [close])).toBeUndefined();
    expect(closing("i1", [{ ...close, withdrawn: at(2) }])).toBeUndefined();
    const demote = decision("d", { entity: ip });
    expect(demoting({ ...ip, role: "source" }, [demote])).toBe(demote);
    expect(demoting({ ...ip, value: "192.0.2.2" }, [demote])).toBeUndefined();
    const reject = decision("r", { kind: "reject", reason: "hash", of: "x" });
    expect(judging("hash", "x", [reject])).toBe(reject);
    expect(judging("hash", "y", [reject])).toBeUndefined();
  });
});
