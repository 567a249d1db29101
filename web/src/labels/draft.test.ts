import { describe, expect, it } from "vitest";
import type { Assignment, Host } from "../api/types";
import { draftOf, draftOfHost, empty, isComplete, trimmed } from "./draft";

const assignment = (kind: string, match: string, service: string) => ({ id: match, kind, match, service, at: "2026-01-02T03:04:05Z" }) as Assignment;
const host = { id: "h1", name: "web-1" } as Host;

describe("labels as they are typed", () => {
  it("begin with what the match has", () => {
    const all = [assignment("image", "web-*", "image"), assignment("host", "web-*", "shop")];
    expect(draftOf("host", "web-*", all)).toEqual({ ...empty, match: "web-*", service: "shop" });
    expect(draftOf("host", "db-*", all)).toEqual({ ...empty, match: "db-*" });
  });

  it("of a host are those of its id, or of its name where only that has some", () => {
    expect(draftOfHost(host, []).match).toBe("h1");
    expect(draftOfHost(host, [assignment("host", "web-1", "shop")])).toMatchObject({ match: "web-1", service: "shop" });
    expect(draftOfHost(host, [assignment("host", "web-1", "a"), assignment("host", "h1", "b")])).toMatchObject({ match: "h1", service: "b" });
    expect(draftOfHost({ ...host, name: "" }, [assignment("host", "", "a")]).match).toBe("h1");
  });

  it("need a match and a label", () => {
    expect(isComplete({ ...empty, match: " web ", owner: "ann" })).toBe(true);
    expect(isComplete({ ...empty, match: " ", owner: "ann" })).toBe(false);
    expect(isComplete({ ...empty, match: "web", owner: "  " })).toBe(false);
    expect(trimmed({ ...empty, match: " web ", owner: " ann " })).toEqual({ ...empty, match: "web", owner: "ann" });
  });
});
