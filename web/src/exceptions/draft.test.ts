import { expect, it } from "vitest";
import type { Exception, Proposal } from "../api/types";
import { draftFor, draftOf, hasScope, isComplete, maxDays, scopeOf, sortExceptions, termsOf } from "./draft";

it("is complete with a scope, a reason and a life within bounds", () => {
  const draft = { ...draftFor(["r1"]), reason: "known" };
  expect(isComplete(draft)).toBe(true);
  for (const spoiled of [{ reason: " " }, { days: 0 }, { days: maxDays + 1 }, { days: 1.5 }, { rules: [] }]) {
    expect(isComplete({ ...draft, ...spoiled })).toBe(false);
  }
  expect(hasScope({ ...draftFor([]), selection: "Image: /bin/a" })).toBe(true);
});

it("is sent as the API takes it", () => {
  const draft = { ...draftFor(["r1"]), hosts: ["db-*"], reason: "known", days: 2 };
  expect(scopeOf(draft)).toEqual({ rules: ["r1"], hosts: ["db-*"], selection: "" });
  expect(termsOf(draft)).toEqual({ reason: "known", life: "48h" });
});

it("takes the scope of a proposal", () => {
  const proposal: Proposal = { id: "p1", rule: { id: "r1" }, selection: "Image: /bin/a", hosts: 5, firings: 20, first: "", last: "" };
  expect(draftOf(proposal)).toMatchObject({ rules: ["r1"], selection: "Image: /bin/a", proposal: "p1" });
});

it("lists what is in force first, then the newest", () => {
  const x = (id: string, state: Exception["state"], created: string): Exception => ({ id, state, created, expires: "", owner: "", reason: "", hits: 0 });
  const sorted = sortExceptions([x("gone", "removed", "3"), x("old", "active", "1"), x("new", "active", "2"), x("over", "expired", "4")]);
  expect(sorted.map((each) => each.id)).toEqual(["new", "old", "over", "gone"]);
});
