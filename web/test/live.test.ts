import { afterEach, expect, test } from "vitest";
import { Browser } from "./browser";
import { Server } from "./server";

let server: Server;
let browser: Browser;
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
  await server.close();
});

async function begin(told: number): Promise<void> {
  server = await Server.start(told);
  browser = await Browser.open(server.url);
}

/** Fails if the page was loaded again since. */
async function mark(): Promise<() => Promise<void>> {
  await browser.page.evaluate(() => { document.body.dataset.mark = "kept"; });
  return async () => {
    expect(await browser.page.evaluate(() => document.body.dataset.mark)).toBe("kept");
  };
}

const rows = () => browser.page.locator("tbody tr.row");

test("incidents appear and change without a reload", async () => {
  await begin(0);
  const page = await browser.enter("/incidents");
  await page.getByText("No incidents").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await browser.picture("incidents-empty");
  const sameDocument = await mark();

  await server.tell();
  const incident = page.getByRole("row", { name: /was made to run commands/ });
  await incident.waitFor();
  const count = incident.getByRole("cell").nth(4);
  await expect.poll(() => count.innerText()).toBe("1");

  await server.tell(4);
  await expect.poll(() => count.innerText()).toBe("6");
  await server.tell(2);
  await page.getByRole("row", { name: /SSH key added/ }).waitFor();
  await browser.picture("incidents");
  await sameDocument();
});

test("a list that is being read does not move", async () => {
  await begin(6);
  const page = await browser.enter("/incidents");
  await page.getByText("Live", { exact: true }).waitFor();
  await expect.poll(() => rows().count()).toBe(1);
  await rows().first().hover();
  const before = await rows().first().boundingBox();

  await server.tell();
  const waiting = page.getByRole("button", { name: /1 new incident/ });
  await waiting.waitFor();
  expect(await rows().count()).toBe(1);
  expect(await rows().first().boundingBox()).toEqual(before);
  await browser.picture("incidents-held");

  // On the way from the rows to the button nothing may move either.
  await waiting.hover();
  expect(await rows().count()).toBe(1);
  await waiting.click();
  await expect.poll(() => rows().count()).toBe(2);
  expect(await rows().first().innerText()).toContain("SSH key added");
});

test("an open incident grows as it happens", async () => {
  await begin(1);
  const page = await browser.enter("/incidents/inc-0001");
  await page.getByText("Live", { exact: true }).waitFor();
  const timeline = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
  await expect.poll(() => timeline.count()).toBe(1);
  const sameDocument = await mark();

  await server.tell(5);
  await expect.poll(() => timeline.count()).toBe(6);
  await timeline.last().getByText("×17").waitFor();
  await page.getByText("It connects to 203.0.113.40:443.").waitFor();
  await page.getByRole("treeitem", { name: /kworker/ }).getByText("3 alerts").waitFor();
  await page.getByRole("region", { name: "Still to handle" }).getByText("203.0.113.40").waitFor();

  // The second round: another name and address, the same incident.
  await server.tell(4);
  await expect.poll(() => timeline.count()).toBe(9);
  await page.getByRole("region", { name: "Still to handle" }).getByText("198.51.100.77").waitFor();
  await sameDocument();
});

test("a kill chain advances in its place", async () => {
  await begin(10);
  const page = await browser.enter("/incidents/inc-0001");
  await page.getByText("Live", { exact: true }).waitFor();
  const stage = page.getByRole("list", { name: "Kill chain" }).getByRole("listitem").filter({ hasText: "Persistence" });
  // Events of the kernel were lost: nobody can say that there is none.
  await stage.getByText("Unknown").waitFor();
  await stage.getByText("Kernel").waitFor();
  const before = await stage.boundingBox();
  const sameDocument = await mark();

  await server.tell();
  await stage.getByText("Seen").waitFor();
  expect(await stage.boundingBox()).toEqual(before);
  await page.getByText("/etc/cron.d/sysstat-collect").first().waitFor();
  await sameDocument();
});

test("a graph that is being looked at does not move", async () => {
  await begin(10);
  const page = await browser.enter("/incidents/inc-0001");
  await page.getByRole("link", { name: "Open provenance" }).click();
  // The page that is left has a graph too.
  await page.waitForURL(/\/intrusion/);
  await page.getByRole("region", { name: "Kill chain" }).waitFor();
  const nodes = page.locator("[data-node]");
  await nodes.first().waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  const count = await nodes.count();
  const trojan = page.locator("[data-node]").and(page.getByRole("button", { name: /^Process \/dev\/shm\/kworker/ }));
  await trojan.hover();
  const before = await trojan.boundingBox();
  const sameDocument = await mark();

  await server.tell(2);
  const waiting = page.getByRole("button", { name: /new in the graph/ });
  await waiting.waitFor();
  expect(await nodes.count()).toBe(count);
  expect(await trojan.boundingBox()).toEqual(before);
  // What is not the drawing is up to date meanwhile.
  await page.getByRole("region", { name: "Kill chain" }).getByRole("listitem").filter({ hasText: "Lateral move" }).getByText("Seen").waitFor();
  await waiting.click();
  await expect.poll(() => nodes.count()).toBeGreaterThan(count);
  await page.locator("[data-node]").and(page.getByRole("button", { name: /sysstat-collect, persistence/ })).waitFor();
  await sameDocument();
});
