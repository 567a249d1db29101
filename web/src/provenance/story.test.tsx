import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Stage } from "../api/types";
import { I18nProvider } from "../i18n";
import { Answers } from "./Answers";
import { linesFor } from "./facts";
import { at, intrusion } from "./fixtures";
import { KillChain } from "./KillChain";
import { joinStages, stageNames } from "./stages";

beforeEach(() => { localStorage.setItem("baize.language", "en"); });
afterEach(cleanup);

const stage = (name: string, state: string, more: Partial<Stage> = {}): Stage => ({ stage: name, state, ...more });

describe("joinStages", () => {
  it("has all twelve, unknown where nothing is said", () => {
    expect(joinStages([]).map((each) => [each.stage, each.state])).toEqual(stageNames.map((name) => [name, "unknown"]));
  });

  it("is seen where one chain shows it, not seen only where all say so", () => {
    const one = [stage("download", "not_seen"), stage("impact", "not_seen"), stage("execution", "yes", { time: at(9), count: 2, evidence: "late" })];
    const two = [stage("download", "unknown", { incomplete: ["file"] }), stage("impact", "not_seen"), stage("execution", "yes", { time: at(1), count: 1, evidence: "early" })];
    const joined = new Map(joinStages([one, two]).map((each) => [each.stage, each]));
    expect(joined.get("download")).toMatchObject({ state: "unknown", incomplete: ["file"] });
    expect(joined.get("impact")?.state).toBe("not_seen");
    expect(joined.get("execution")).toMatchObject({ state: "yes", time: at(1), count: 3, evidence: "early" });
  });
});

describe("KillChain", () => {
  it("says what was seen and when, what was not, and what nobody knows and why", () => {
    const open = vi.fn();
    const stages = joinStages([[
      stage("execution", "yes", { time: at(0), count: 3, evidence: "/dev/shm/t", alert: "a-1" }),
      stage("impact", "not_seen"),
      stage("persistence", "unknown", { incomplete: ["file", "kernel"] }),
    ]]);
    render(<I18nProvider><KillChain stages={stages} day={at(0)} open={open} /></I18nProvider>);
    const cells = within(screen.getByRole("list", { name: "Kill chain" })).getAllByRole("listitem");
    expect(cells).toHaveLength(12);
    const cell = (name: string) => {
      const found = cells.find((each) => each.firstChild?.textContent === name);
      if (!found) throw new Error(`no stage ${name}`);
      return found;
    };
    expect(cell("Execution").textContent).toContain("Seen ×3");
    expect(cell("Execution").querySelector("time")?.dateTime).toBe(at(0));
    expect(cell("Impact").textContent).toBe("ImpactNot seen");
    expect(cell("Persistence").textContent).toBe("PersistenceUnknownFiles, Kernel");
    fireEvent.click(within(cell("Execution")).getByRole("button"));
    expect(open).toHaveBeenCalledWith("a-1");
  });
});

const file = (path: string, more: object = {}) => ({ path, inode: path, time: at(0), gone: false, ...more });

describe("evidence", () => {
  const told = intrusion({
    files: [file("/etc/x"), file("/dev/shm/t", { executed: true, gone: true, gone_at: at(5) }), file("memfd", { executed: true, memory: true })],
    persistence: [
      { class: "cron", path: "/etc/cron.d/x", action: "written", time: at(1), added: ["# comment", "* * * * * root /x"] },
      { class: "ssh", path: "/root/.ssh/authorized_keys", action: "written", time: at(1), undone: true, undone_at: at(8) },
    ],
    peers: [
      { ip: "10.0.0.7", port: 22, inside: true, first: at(0), last: at(0), count: 1, bytes_out: 10, host: "db-1" },
      { ip: "10.0.0.8", inside: true, inbound: true, first: at(0), last: at(0), count: 1 },
      { ip: "203.0.113.9", port: 443, first: at(0), last: at(0), count: 1, bytes_out: 5 },
      { name: "x.example", first: at(0), last: at(0), count: 1 },
    ],
    reads: [
      { class: "ssh_key", path: "/k", first: at(0), count: 1 },
      { class: "credentials", path: "/etc/shadow", first: at(0), count: 1, denied: true },
    ],
  });
  const texts = (question: string) => linesFor(question, [told]).map((line) => line.text);

  it("is what each question asks for", () => {
    expect(texts("files")).toEqual(["/dev/shm/t", "memfd", "/etc/x"]);
    expect(texts("deleted")).toEqual(["memfd", "/dev/shm/t"]);
    expect(texts("persistence")).toEqual(["/etc/cron.d/x: * * * * * root /x", "/root/.ssh/authorized_keys"]);
    expect(texts("lateral")).toEqual(["10.0.0.7:22 → db-1", "/k"]);
    expect(texts("data")).toEqual(["/k", "203.0.113.9:443"]);
    expect(texts("what else")).toEqual([]);
  });

  it("says what was done with it, and what is no more", () => {
    const [trojan, memory] = linesFor("files", [told]);
    expect(trojan).toMatchObject({ past: true, marks: [{ key: "file.executed" }, { key: "file.deleted", time: at(5) }] });
    expect(memory?.marks).toEqual([{ key: "file.executed" }, { key: "file.memory" }]);
    expect(linesFor("persistence", [told])[1]).toMatchObject({ past: true, marks: [{ key: "persistence.undone", time: at(8) }] });
  });
});

describe("Answers", () => {
  const show = (answers: Parameters<typeof Answers>[0]["answers"], ...intrusions: ReturnType<typeof intrusion>[]) =>
    render(<I18nProvider><Answers answers={answers} intrusions={intrusions} /></I18nProvider>);

  it("is at least what was seen where telemetry was not complete", () => {
    const many = Array.from({ length: 5 }, (_, n) => file(`/tmp/${n}`));
    show({ files: { state: "yes", incomplete: ["file"], as_of: at(60) } }, intrusion({ files: many }));
    screen.getByText("at least");
    screen.getByText("Telemetry not complete: Files");
    screen.getByText("as of");
    expect(screen.queryByText("/tmp/4")).toBeNull();
    fireEvent.click(screen.getByText("2 more — show"));
    screen.getByText("/tmp/4");
  });

  it("vouches for what was not seen, and names what is missing where it cannot", () => {
    show({ lateral: { state: "not_seen" }, persistence: { state: "unknown", incomplete: ["kernel"] } });
    screen.getByText("Telemetry was complete.");
    screen.getByText("Telemetry not complete: Kernel");
    expect(screen.queryByText("at least")).toBeNull();
  });

  it("says of trojans that some are left, or that there were none", () => {
    const { unmount } = show({ deleted: { state: "not_seen" } }, intrusion({ files: [file("/t", { executed: true })] }));
    screen.getByText("Not all");
    unmount();
    show({ deleted: { state: "not_seen" } }, intrusion());
    screen.getByText("None seen");
  });

  it("shows what the server says where the facts are not here", () => {
    show({ files: { state: "yes", evidence: ["/dev/shm/t, executed"], more: 4 } });
    screen.getByText("/dev/shm/t, executed");
    screen.getByText("4 more are not listed.");
  });
});
