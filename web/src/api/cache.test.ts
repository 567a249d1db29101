import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { intrusion } from "../provenance/fixtures";
import { keys, putAlert, putIncident, putIntrusion, refresh, upsert, upsertPages } from "./cache";
import type { Alert, Incident, Intrusion } from "./types";

const row = (id: string, revision: number) => ({ id, revision });

describe("upsert", () => {
  it("replaces in place and puts new items first", () => {
    expect(upsert([row("a", 1), row("b", 1)], row("b", 2))).toEqual([row("a", 1), row("b", 2)]);
    expect(upsert([row("a", 1)], row("c", 1))).toEqual([row("c", 1), row("a", 1)]);
  });

  it("keeps the newer revision", () => {
    expect(upsert([row("a", 3)], row("a", 2))).toEqual([row("a", 3)]);
  });
});

describe("upsertPages", () => {
  it("finds the page that has the item", () => {
    const data = { pages: [{ items: [row("a", 1)], next: "x" }, { items: [row("b", 1)], next: "" }], pageParams: ["", "x"] };
    expect(upsertPages(data, row("b", 2)).pages[1]?.items).toEqual([row("b", 2)]);
    expect(upsertPages(data, row("c", 1)).pages[0]?.items).toEqual([row("c", 1), row("a", 1)]);
  });
});

const incident = (revision: number) => ({ id: "i", revision, title: `r${revision}` }) as Incident;

describe("the stream", () => {
  it("updates an incident on screen, never backwards", () => {
    const client = new QueryClient();
    client.setQueryData(keys.incident("i"), incident(2));
    putIncident(client, incident(3));
    putIncident(client, incident(1));
    expect(client.getQueryData<Incident>(keys.incident("i"))?.title).toBe("r3");
  });

  it("does not make up pages that were never asked for", () => {
    const client = new QueryClient();
    putIncident(client, incident(1));
    expect(client.getQueryData(keys.incidents)).toBeUndefined();
    expect(client.getQueryData(keys.incident("i"))).toBeUndefined();
  });

  it("adds an alert to the incident that is open", () => {
    const client = new QueryClient();
    client.setQueryData(keys.incidentAlerts("i"), { items: [], next: "" });
    const alert = { id: "a", incident: "i", time: "", host: { id: "h" } } satisfies Alert;
    putAlert(client, alert);
    expect(client.getQueryData(keys.incidentAlerts("i"))).toEqual({ items: [alert], next: "" });
  });

  it("advances an intrusion on screen, and asks again for the graphs of its alerts", () => {
    const client = new QueryClient();
    const id = intrusion().id;
    client.setQueryData(keys.intrusion(id), intrusion({ revision: 2 }));
    client.setQueryData(keys.provenance("mine"), { alert: "mine", intrusion: intrusion() });
    client.setQueryData(keys.provenance("other"), { alert: "other", intrusion: intrusion({ id: "another" }) });
    putIntrusion(client, intrusion({ revision: 3, alive: 7 }));
    putIntrusion(client, intrusion({ revision: 1, alive: 1 }));
    expect(client.getQueryData<Intrusion>(keys.intrusion(id))?.alive).toBe(7);
    const stale = (alert: string) => client.getQueryState(keys.provenance(alert))?.isInvalidated;
    expect([stale("mine"), stale("other")]).toEqual([true, false]);
  });

  it("does not look again at raw events after a gap", () => {
    const client = new QueryClient();
    client.setQueryData(keys.nearby("x"), {});
    client.setQueryData(keys.alert("a"), {});
    refresh(client);
    expect([client.getQueryState(keys.nearby("x"))?.isInvalidated, client.getQueryState(keys.alert("a"))?.isInvalidated]).toEqual([false, true]);
  });
});
