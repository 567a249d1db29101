import { act, fireEvent, render, screen } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { split, useHeld } from "./useHeld";

const items = (...ids: string[]) => ids.map((id) => ({ id }));
const ids = (list: { id: string }[]) => list.map((item) => item.id).join("");

describe("split", () => {
  it("shows everything to one who is not reading", () => {
    const { shown, held } = split(items("c", "b", "a"), new Set("ab"), false);
    expect([ids(shown), ids(held)]).toEqual(["cba", ""]);
  });

  it("holds back what would push the shown rows down", () => {
    const { shown, held } = split(items("d", "b", "c", "a"), new Set("ab"), true);
    expect([ids(shown), ids(held)]).toEqual(["ba", "dc"]);
  });

  it("lets in older rows that were asked for", () => {
    const { shown, held } = split(items("b", "a", "z"), new Set("ab"), true);
    expect([ids(shown), ids(held)]).toEqual(["baz", ""]);
  });
});

function List({ rows }: { rows: { id: string }[] }) {
  const area = useRef<HTMLDivElement>(null);
  const { shown, held, release } = useHeld(rows, area);
  return (
    <>
      <button onClick={release}>{held.length} held</button>
      <div ref={area} data-testid="area">
        {ids(shown)}
      </div>
    </>
  );
}

describe("useHeld", () => {
  afterEach(() => { vi.useRealTimers(); });

  it("holds while the pointer reads, and releases on demand", () => {
    window.scrollTo = vi.fn() as typeof window.scrollTo;
    const { rerender } = render(<List rows={items("b", "a")} />);
    const area = screen.getByTestId("area");
    fireEvent.pointerMove(area);
    rerender(<List rows={items("c", "b", "a")} />);
    expect(area.textContent).toBe("ba");
    fireEvent.click(screen.getByText("1 held"));
    expect(area.textContent).toBe("cba");
  });

  it("lets new rows in once the pointer has rested", () => {
    vi.useFakeTimers();
    const { rerender, container } = render(<List rows={items("a")} />);
    const area = container.querySelector("div");
    if (!area) throw new Error("no list");
    fireEvent.pointerMove(area);
    rerender(<List rows={items("b", "a")} />);
    expect(area.textContent).toBe("a");
    act(() => { vi.advanceTimersByTime(15_000); });
    expect(area.textContent).toBe("ba");
  });
});
