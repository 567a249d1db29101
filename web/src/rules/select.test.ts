import { expect, it } from "vitest";
import type { Pack } from "../api/types";
import type { RuleRow } from "./queries";
import { gaps, select } from "./select";

const rule = (id: string, more: Partial<RuleRow> = {}): RuleRow => ({
  id, rule: id, title: `Title ${id}`, pack: "baize", file: `linux/${id}.yml`, line: 1, logsource: "linux/*/*",
  enabled: true, in_force: true, hits: 0, level: "low", ...more,
});

it("puts rules that fire first, then the graver, then by title", () => {
  const rules = [rule("b"), rule("a"), rule("grave", { level: "critical" }), rule("busy", { hits: 3 })];
  expect(select(rules, "", "").map((r) => r.id)).toEqual(["busy", "grave", "a", "b"]);
});

it("finds rules by text, technique and pack", () => {
  const rules = [rule("a", { techniques: ["T1059.004"] }), rule("b", { pack: "site" })];
  expect(select(rules, "t1059", "").map((r) => r.id)).toEqual(["a"]);
  expect(select(rules, "TITLE B", "").map((r) => r.id)).toEqual(["b"]);
  expect(select(rules, "", "site").map((r) => r.id)).toEqual(["b"]);
  expect(select(rules, "b", "baize")).toEqual([]);
});

it("names what of a pack is not in force, and survives a report without lists", () => {
  const report = { files: 3, loaded: 1, rules: 1, invalid: [{ file: "x.yml", line: 2, reason: "r" }], unsupported: [{ file: "y.yml", reason: "s" }] };
  const pack = { name: "p", enabled: true, version: 1, digest: "", source: "push", author: "ann", created: "", report } satisfies Pack;
  expect(gaps(pack).map((gap) => `${gap.kind} ${gap.file}`)).toEqual(["invalid x.yml", "unsupported y.yml"]);
  expect(gaps({ ...pack, report: { ...report, invalid: null, unsupported: null } })).toEqual([]);
});
