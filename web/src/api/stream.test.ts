import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, follow } from "./stream";

/** An EventSource whose fate the test decides. */
class Source extends EventTarget {
  static all: Source[] = [];
  onopen?: () => void;
  onerror?: () => void;
  closed = false;
  constructor(readonly url: string) {
    super();
    Source.all.push(this);
  }
  close() { this.closed = true; }
  send(kind: string, item: unknown) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(item) }));
  }
}

const last = () => {
  const source = Source.all.at(-1);
  if (!source) throw new Error("no EventSource was made");
  return source;
};

describe("follow", () => {
  const handlers = { onState: vi.fn(), onGap: vi.fn(), onItem: vi.fn(), onMerge: vi.fn() };
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("EventSource", Source);
    Source.all = [];
    Object.values(handlers).forEach((handler) => handler.mockClear());
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("passes on what each event carries", () => {
    follow(handlers);
    last().send("incident", { id: "i1" });
    last().send("intrusion", { id: "n1" });
    last().send("host", { id: "h1" });
    expect(handlers.onItem.mock.calls).toEqual([["incident", { id: "i1" }], ["intrusion", { id: "n1" }], ["host", { id: "h1" }]]);
  });

  it("says when an incident became part of another", () => {
    follow(handlers);
    last().send("merge", { from: "i2", into: "i1", reasons: [] });
    expect(handlers.onMerge.mock.calls).toEqual([[{ from: "i2", into: "i1", reasons: [] }]]);
  });

  it("asks to read again what the server says was dropped", () => {
    follow(handlers);
    last().dispatchEvent(new Event("resync"));
    expect(handlers.onGap).toHaveBeenCalledOnce();
  });

  it("connects again after a loss, and says that there may be a gap", () => {
    follow(handlers);
    last().onopen?.();
    expect(handlers.onGap).toHaveBeenCalledTimes(1);
    last().onerror?.();
    expect(handlers.onState).toHaveBeenLastCalledWith("lost");
    vi.advanceTimersByTime(500);
    expect(Source.all).toHaveLength(2);
    expect(Source.all[0]?.closed).toBe(true);
    last().onopen?.();
    expect(handlers.onState).toHaveBeenLastCalledWith("live");
    expect(handlers.onGap).toHaveBeenCalledTimes(2);
  });

  it("stops for good when closed while waiting", () => {
    const close = follow(handlers);
    last().onerror?.();
    close();
    vi.advanceTimersByTime(60_000);
    expect(Source.all).toHaveLength(1);
  });

  it("waits longer each time, up to five seconds", () => {
    expect([0, 1, 2, 3, 4, 20].map(backoff)).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  });
});
