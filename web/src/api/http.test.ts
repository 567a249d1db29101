import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, get, OfflineError, onUnauthorized, post, put } from "./http";

function answer(status: number, body?: unknown): void {
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }))));
}

describe("calls", () => {
  afterEach(() => { vi.unstubAllGlobals(); });

  it("return what the API answers", async () => {
    answer(200, { id: "a" });
    expect(await get("/alerts/a")).toEqual({ id: "a" });
    answer(204);
    await expect(put("/me/password", { new: "x" })).resolves.toBeUndefined();
  });

  it("fail with the words of the problem", async () => {
    answer(404, { title: "Not Found", detail: "no alert a" });
    await expect(get("/alerts/a")).rejects.toEqual(new ApiError(404, "no alert a"));
  });

  it("fail as offline where nobody answers", async () => {
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("failed"))));
    await expect(get("/me")).rejects.toBeInstanceOf(OfflineError);
  });

  it("tell that the session ended, but not for a wrong password", async () => {
    const ended = vi.fn();
    const stop = onUnauthorized(ended);
    answer(401, { detail: "no" });
    await expect(post("/login", { user: "a", password: "b" })).rejects.toThrow("no");
    expect(ended).not.toHaveBeenCalled();
    await expect(get("/hosts")).rejects.toThrow("no");
    expect(ended).toHaveBeenCalledOnce();
    stop();
    await expect(get("/hosts")).rejects.toThrow("no");
    expect(ended).toHaveBeenCalledOnce();
  });
});
