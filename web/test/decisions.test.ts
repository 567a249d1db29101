import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser, type Look } from "./browser";
import { Server } from "./server";

// The story has no engine: a decision is stored and told to the log, and what an
// engine would make of it is not seen here.
let server: Server;
let browser: Browser;
beforeEach(async () => { server = await Server.start(); });
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
  await server.close();
});

const region = (name: string) => browser.page.getByRole("region", { name, exact: true });

async function open(user = "analyst", look: Look = {}, id = "inc-0001") {
  browser = await Browser.open(server.url, look);
  const page = await browser.enter(`/incidents/${id}`, user);
  await page.getByRole("tree").waitFor();
  return page;
}

/** The decisions that the server has, without what it chose itself. */
async function decisions(): Promise<Record<string, unknown>[]> {
  const answer = await browser.context.request.get(`${server.url}/api/v1/decisions`);
  const { items } = (await answer.json()) as { items: Record<string, unknown>[] };
  return items.map(({ id, at, org, ...rest }) => {
    expect([typeof id, typeof at, org]).toEqual(["string", "string", "default"]);
    return rest;
  });
}

test("an incident is closed with a verdict and a note, and opened again", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Close…" }).click();
  const ask = page.getByRole("dialog");
  await ask.getByText("takes no more alerts").waitFor();
  const button = ask.getByRole("button", { name: "Close the incident" });
  expect(await button.isDisabled()).toBe(true);
  await ask.getByText("Test or drill").click();
  await ask.getByRole("textbox", { name: "Note" }).fill("Red team, agreed on Monday");
  await browser.picture("decide-close");
  await button.click();
  await ask.waitFor({ state: "hidden" });
  expect(await decisions()).toEqual([
    { kind: "close", incident: "inc-0001", verdict: "test", note: "Red team, agreed on Monday", by: "analyst" },
  ]);

  const row = region("Decisions").getByRole("listitem");
  for (const text of ["analyst", "Closed:", "Test or drill", "Red team, agreed on Monday"]) await row.getByText(text).waitFor();
  expect(await page.getByRole("button", { name: "Close…" }).count()).toBe(0);
  await page.getByRole("button", { name: "Reopen" }).click();
  await ask.getByText("The verdict is withdrawn.").waitFor();
  await ask.getByRole("button", { name: "Reopen" }).click();
  await row.getByText("withdrawn by analyst").waitFor();
  await page.getByRole("button", { name: "Close…" }).waitFor();
  expect(await decisions()).toEqual([expect.objectContaining({ kind: "close", withdrawn_by: "analyst" })]);
});

test("entities and the parts of a reason are judged one by one", async () => {
  const page = await open();
  const ask = page.getByRole("dialog");
  const item = (text: string) => region("Entities").getByRole("listitem").filter({ hasText: text });
  await item("203.0.113.40").getByRole("button", { name: "demote…" }).click();
  await ask.getByRole("textbox", { name: "Note" }).fill("Our NAT");
  await browser.picture("decide-demote");
  await ask.getByRole("button", { name: "Demote this entity" }).click();
  await item("203.0.113.40").getByText("demoted by analyst").waitFor();

  const reasons = region("Why these alerts belong together");
  await reasons.getByRole("button", { name: /Same exploited service instance \+ Same command template/ }).click();
  const part = reasons.locator(".part").filter({ hasText: "Same command template" });
  await part.getByRole("button", { name: "Reject…" }).click();
  await ask.getByText("reasons of this name weigh less").waitFor();
  await ask.getByRole("button", { name: "Reject this reason" }).click();
  await part.getByText("rejected by analyst").waitFor();
  // 0.60 × 20 / 21: what the server makes of the verdict.
  await part.getByText("weighs 0.57, was 0.60").waitFor();
  await reasons.locator(".part").filter({ hasText: "Same exploited service" }).getByRole("button", { name: "Confirm…" }).click();
  await ask.getByRole("button", { name: "Confirm this reason" }).click();
  await reasons.getByText("confirmed by analyst").waitFor();
  await browser.picture("reasons-judged");
  expect(await decisions()).toEqual([
    { kind: "demote", incident: "inc-0001", entity: { type: "ip", value: "203.0.113.40" }, note: "Our NAT", by: "analyst" },
    { kind: "reject", incident: "inc-0001", reason: "command_template", of: "curl <url> -o /dev/shm/<tmp> chmod +x /dev/shm/<tmp> /dev/shm/<tmp>", by: "analyst" },
    expect.objectContaining({ kind: "confirm", reason: "service" }),
  ]);
});

test("alerts are split off and moved, incidents merged, and a refusal is said where it was asked", async () => {
  const page = await open();
  const ask = page.getByRole("dialog");
  const choose = (title: string) => region("Alerts").getByRole("checkbox", { name: `Choose ${title}` }).first();
  await choose("Download to shared memory").check();
  await choose("Process disguised as a kernel thread").check();
  await region("Alerts").getByText("2 alerts chosen").waitFor();
  await region("Alerts").getByRole("button", { name: "Split off…" }).click();
  await ask.getByText("2 alerts leave this incident").waitFor();
  await ask.getByRole("button", { name: "Split off alerts" }).click();
  await region("Decisions").getByText("Split off:").waitFor();

  await region("Alerts").getByRole("button", { name: "Move to another incident…" }).click();
  await ask.getByRole("combobox", { name: "The other incident" }).fill("ssh key");
  await page.getByTitle(/SSH key added on db-1 · db-1 · inc-0002/).click();
  await browser.picture("decide-move");
  await ask.getByRole("button", { name: "Move alerts" }).click();
  await region("Decisions").getByText("Moved: 2 alerts to that of “SSH key added”").waitFor();

  await page.getByRole("button", { name: "Merge…" }).click();
  await ask.getByRole("combobox", { name: "The other incident" }).fill("inc-0001");
  await page.getByTitle("inc-0001", { exact: true }).last().click();
  await ask.getByRole("button", { name: "Merge with another incident" }).click();
  await ask.getByText(/The server answers: .*incident inc-0001 is the same/).waitFor();
  await browser.picture("decide-refused");
  await ask.getByRole("combobox", { name: "The other incident" }).fill("db-1");
  await page.getByTitle(/SSH key added/).click();
  await ask.getByRole("button", { name: "Merge with another incident" }).click();
  await ask.waitFor({ state: "hidden" });
  await region("Decisions").getByText("Merged with another incident: that of “SSH key added”").waitFor();
  await browser.picture("decisions", true);
  const from = ["a-0001", "a-0003", "a-chain", "a-0005", "a-0007", "a-0008", "a-0009"];
  expect(await decisions()).toEqual([
    { kind: "split", incident: "inc-0001", alerts: ["a-0002", "a-0004"], from, by: "analyst" },
    { kind: "move", incident: "inc-0001", alerts: ["a-0002", "a-0004"], from, into: "a-0006", by: "analyst" },
    { kind: "merge", incident: "inc-0001", alerts: ["a-0001", "a-0006"], by: "analyst" },
  ]);

  // It can be taken back from the other side too, which was not looked at.
  await browser.goto("/incidents/inc-0002");
  const merged = region("Decisions").getByRole("listitem").filter({ hasText: "Merged with another incident" });
  await merged.getByRole("link", { name: "inc-0001" }).waitFor();
  await merged.getByRole("button", { name: "Withdraw…" }).click();
  await ask.getByRole("button", { name: "Withdraw this decision" }).click();
  await merged.getByText("withdrawn by analyst").waitFor();
});

test("a viewer sees decisions and decides nothing", async () => {
  browser = await Browser.open(server.url);
  await browser.enter("/incidents/inc-0001");
  const made = await browser.context.request.post(`${server.url}/api/v1/decisions`, {
    data: { kind: "demote", incident: "inc-0001", entity: { type: "ip", value: "203.0.113.40" } },
  });
  expect(made.status()).toBe(201);
  const page = await browser.enter("/incidents/inc-0001", "viewer");
  await region("Decisions").getByText("203.0.113.40").waitFor();
  await region("Entities").getByText("demoted by analyst").waitFor();
  const buttons = ["Close…", "Merge…", "demote…", "Withdraw…"];
  for (const name of buttons) expect(await page.getByRole("button", { name }).count()).toBe(0);
  expect(await page.getByRole("checkbox").count()).toBe(0);
});

test("an incident that became part of another leads there, and shows its kin", async () => {
  browser = await Browser.open(server.url);
  const page = browser.page;
  // As the server answers for one that was merged, and after a close.
  await page.route("**/api/v1/incidents/inc-gone", async (route) => {
    const answer = await route.fetch({ url: `${server.url}/api/v1/incidents/inc-0001` });
    await route.fulfill({ response: answer });
  });
  await page.route("**/api/v1/incidents/inc-0001", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as Record<string, unknown>;
    await route.fulfill({ response: answer, json: { ...body, status: "closed", verdict: "intrusion", recurrence_of: "inc-0002", campaign: "inc-0001", related: ["inc-0002"] } });
  });
  await browser.enter("/incidents/inc-gone?alert=a-0003");
  await page.getByText("inc-gone became part of this incident.").waitFor();
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/incidents/inc-0001?alert=a-0003");
  await page.keyboard.press("Escape");
  await page.getByText("the first of a campaign").waitFor();
  const before = page.locator("div", { has: page.getByText("Goes on from", { exact: true }) }).last();
  await before.getByRole("link", { name: "SSH key added on db-1 inc-0002" }).waitFor();
  await browser.picture("incident-kin");
  await before.getByRole("link").click();
  await page.getByRole("heading", { name: "SSH key added on db-1" }).waitFor();
});
