import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { I18nProvider } from "../i18n";
import { LiveProvider } from "./live";

let source: EventTarget | undefined;

class Source extends EventTarget {
  constructor() {
    super();
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the test speaks for the server
    source = this;
  }
  close() { source = undefined; }
}

beforeEach(() => { vi.stubGlobal("EventSource", Source); });
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("says which incident became part of which, why, and leads there", async () => {
  render(
    <I18nProvider>
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter><LiveProvider>page</LiveProvider></MemoryRouter>
      </QueryClientProvider>
    </I18nProvider>,
  );
  const merge = {
    from: "inc-2", into: "inc-1", from_title: "Younger", into_title: "Older",
    reasons: [{ a: "a", b: "b", reason: "hash", entity: "sha256:aa", weight: 0.9 }, { a: "a", b: "c", reason: "hash+address", entity: "x; y", weight: 0.8 }],
  };
  act(() => { source?.dispatchEvent(new MessageEvent("merge", { data: JSON.stringify(merge) })); });
  await screen.findByText("“Younger” became part of “Older”.");
  screen.getByText("Same rare content, Same rare external address");
  expect(screen.getByRole("link", { name: "inc-1" }).getAttribute("href")).toBe("/incidents/inc-1");
});
