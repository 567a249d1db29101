import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { I18nProvider } from "../i18n";
import { Account } from "./Account";
import { AlertTypes } from "./AlertTypes";
import { Contain } from "./Contain";
import { alert, incident, process } from "./fixtures";
import { ProcessTree } from "./ProcessTree";
import { Reasons } from "./Reasons";
import { Timeline } from "./Timeline";

const show = (element: ReactElement) => render(<I18nProvider>{element}</I18nProvider>);

function nth(elements: HTMLElement[], at: number): HTMLElement {
  const element = elements[at];
  if (!element) throw new Error(`there is no element ${at}`);
  return element;
}

beforeEach(() => { localStorage.setItem("baize.language", "en"); });

afterEach(cleanup);

describe("Account", () => {
  it("tells the account in the chosen language, and the answers with their state", () => {
    const it = incident({ answers: { data: { state: "unknown" }, files: { state: "yes", evidence: ["/dev/shm/t"] } } });
    const { unmount } = show(<Account incident={it} alerts={[]} intrusions={[]} open={vi.fn()} />);
    screen.getByText("It happened.");
    const questions = screen.getAllByRole("term").map((term) => term.textContent);
    expect(questions).toEqual(["Which files did the intruder bring?", "Was data read or taken out?"]);
    screen.getByText("/dev/shm/t");
    screen.getByText("Unknown");
    screen.getByText("Nothing vouches for an answer yet.");
    unmount();
    localStorage.setItem("baize.language", "zh");
    show(<Account incident={it} alerts={[]} intrusions={[]} open={vi.fn()} />);
    screen.getByText("事情发生了。");
  });

  it("marks the tactics reached, and says of others that there is no alert", () => {
    show(<Account incident={incident()} alerts={[alert("a", { rule: { tactics: ["persistence"] } })]} intrusions={[]} open={vi.fn()} />);
    const steps = within(screen.getByRole("list", { name: "How far it got" })).getAllByRole("listitem");
    const titles = steps.map((step) => [step.firstChild?.textContent, step.title]);
    expect(titles).toContainEqual(["Persistence", expect.stringMatching(/^1 alert, first /)]);
    expect(titles).toContainEqual(["Impact", "no alert"]);
  });
});

describe("Reasons", () => {
  it("opens the alerts that a reason joins", () => {
    const open = vi.fn();
    const alerts = new Map([["a", alert("a")], ["b", alert("b")]]);
    const reasons = [{ a: "a", b: "b", reason: "service+command_template", entity: "h1 x", weight: 0.86 }];
    show(<Reasons incident={incident({ reasons })} alerts={alerts} open={open} />);
    fireEvent.click(screen.getByRole("button", { name: /Same exploited service instance \+ Same command template/ }));
    fireEvent.click(screen.getByRole("button", { name: /rule of b/ }));
    expect(open).toHaveBeenCalledWith("b");
  });

  it("says that one alert needs no merging", () => {
    show(<Reasons incident={incident()} alerts={new Map()} open={vi.fn()} />);
    screen.getByText("One alert so far: nothing to merge.");
  });
});

describe("AlertTypes and Contain", () => {
  it("count what fired and list what to act on", () => {
    const entities = [{ type: "domain", value: "x.example" }];
    show(
      <>
        <AlertTypes alerts={[alert("a", { count: 1200 })]} />
        <Contain incident={incident({ entities })} alerts={[alert("a")]} intrusions={[]} />
      </>,
    );
    screen.getByText("1,200");
    screen.getByText("x.example");
    screen.getByText("web-1");
    screen.getByText("1 alert ·");
  });

  it("say that nothing is known yet", () => {
    show(<Contain incident={incident()} alerts={[]} intrusions={[]} />);
    screen.getByText("No address outside, file or hash is known yet.");
    expect(screen.queryByRole("button", { name: "Copy all" })).toBeNull();
  });
});

describe("Timeline", () => {
  it("draws the latest of very many, and the earlier ones on demand", () => {
    const many = Array.from({ length: 450 }, (_, at) => alert(String(at), { time: new Date(at * 1000).toISOString() }));
    const { container } = show(<Timeline alerts={many} open={vi.fn()} />);
    expect(container.querySelectorAll("li")).toHaveLength(200);
    expect(container.querySelector("li:last-child")?.textContent).toContain("rule of 449");
    fireEvent.click(screen.getByText("250 earlier — show"));
    expect(container.querySelectorAll("li")).toHaveLength(400);
  });
});

describe("ProcessTree", () => {
  const processes = [process(1, undefined), process(2, 1, { alerts: ["a"], command_line: "[kworker/0:1]" }), process(3, 2)];

  it("closes and opens branches, and shows a process whole", () => {
    const open = vi.fn();
    show(<ProcessTree processes={processes} alerts={new Map([["a", alert("a")]])} open={open} />);
    const items = () => screen.getAllByRole("treeitem").map((item) => item.getAttribute("aria-label"));
    expect(items()).toEqual(["p1 p1 --run", "p2 [kworker/0:1]", "p3 p3 --run"]);
    screen.getByText("poses as [kworker/0:1]");
    fireEvent.click(nth(screen.getAllByTitle("Show or hide children"), 1));
    expect(items()).toEqual(["p1 p1 --run", "p2 [kworker/0:1]"]);
    fireEvent.keyDown(nth(screen.getAllByRole("treeitem"), 0), { key: "ArrowDown" });
    expect(document.activeElement?.getAttribute("aria-label")).toBe("p2 [kworker/0:1]");
    fireEvent.keyDown(nth(screen.getAllByRole("treeitem"), 1), { key: "Enter" });
    fireEvent.click(screen.getByText(/rule of a/));
    expect(open).toHaveBeenCalledWith("a");
  });

  it("draws very many in parts", () => {
    const crowd = [process(1, undefined), ...Array.from({ length: 500 }, (_, at) => process(at + 2, 1))];
    show(<ProcessTree processes={crowd} alerts={new Map()} open={vi.fn()} />);
    fireEvent.click(screen.getByText("201 more processes — show"));
    screen.getByText("p501 --run");
  });
});
