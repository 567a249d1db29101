import { describe, expect, it } from "vitest";
import { incident } from "../incident/fixtures";
import { select } from "./filter";

const list = [
  incident({ id: "old", opened: "2026-01-01T00:00:00Z", entities: [{ type: "ip", value: "203.0.113.9" }] }),
  incident({ id: "new", opened: "2026-01-03T00:00:00Z", hosts: [{ id: "h9", name: "DB-9" }] }),
  incident({ id: "done", opened: "2026-01-02T00:00:00Z", status: "closed" }),
  incident({ id: "gone", opened: "2026-01-04T00:00:00Z", merged_into: "new" }),
];
const ids = (status: "open" | "closed" | "all", text = "") => select(list, { status, text }).map((each) => each.id);

describe("select", () => {
  it("lists the newest first, without those that became part of others", () => {
    expect(ids("all")).toEqual(["new", "done", "old"]);
  });

  it("goes by status", () => {
    expect(ids("open")).toEqual(["new", "old"]);
    expect(ids("closed")).toEqual(["done"]);
  });

  it("finds hosts and entities in any case", () => {
    expect(ids("all", " db-9 ")).toEqual(["new"]);
    expect(ids("all", "203.0.113")).toEqual(["old"]);
    expect(ids("all", "nothing")).toEqual([]);
  });
});
