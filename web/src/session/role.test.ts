import { expect, it } from "vitest";
import { may } from "./role";

it("orders the roles as the server does", () => {
  expect(may("admin", "responder")).toBe(true);
  expect(may("responder", "responder")).toBe(true);
  expect(may("analyst", "responder")).toBe(false);
  expect(may("nobody", "analyst")).toBe(false);
});
