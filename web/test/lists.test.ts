import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Browser, type Look } from "./browser";
import { Server } from "./server";

let server: Server;
let browser: Browser;
beforeAll(async () => { server = await Server.start(); });
afterAll(() => server.close());
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
});

async function open(path: string, look: Look = {}) {
  browser = await Browser.open(server.url, look);
  return browser.enter(path);
}

test("alerts lead to their incidents", async () => {
  const page = await open("/alerts");
  const rows = page.locator("tbody tr.row");
  await expect.poll(() => rows.count()).toBe(10);
  await browser.picture("alerts");
  await page.getByPlaceholder("Filter by rule").fill("ssh key");
  await expect.poll(() => rows.count()).toBe(1);
  await rows.getByRole("link", { name: "inc-0002" }).click();
  await page.getByRole("heading", { name: "SSH key added on db-1" }).waitFor();
});

test("hosts show what their sensors can vouch for, and why not", async () => {
  const page = await open("/hosts");
  const row = page.getByRole("row", { name: /db-1/ });
  await row.getByText("Files lost").waitFor();
  // What is clipped still has its width: the cell has to be looked at.
  const cell = await row.getByRole("cell", { name: "db-1", exact: true }).boundingBox();
  expect(cell?.width, "room for the name").toBeGreaterThan(100);
  await row.getByText("1,204").waitFor();
  await row.getByText("1 failed").waitFor();
  await row.getByRole("button", { name: "Details of db-1" }).click();
  await page.getByText("not supported by this kernel (since 4.16)").waitFor();
  await page.getByText("903,311").waitFor();
  await page.getByRole("row", { name: /old-1/ }).getByText("Disconnected").waitFor();
  await page.getByText("Engine lag").waitFor();
  await browser.picture("hosts");
});

test("incidents are found by text and status", async () => {
  const page = await open("/incidents");
  const rows = page.locator("tbody tr.row");
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByPlaceholder("Filter by title").fill("198.51.100.77");
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByText("Closed", { exact: true }).click();
  await page.getByText("Nothing matches the filter.").waitFor();
  await page.getByRole("button", { name: "Clear filter" }).click();
  await expect.poll(() => rows.count()).toBe(2);
});

test("a time is local, and UTC on hover", async () => {
  const page = await open("/incidents");
  const time = page.locator("tbody time").first();
  const utc = new Date((await time.getAttribute("datetime")) ?? "");
  const shanghai = new Date(utc.getTime() + 8 * 3600_000).toISOString().slice(11, 19);
  expect(await time.innerText()).toContain(shanghai);
  expect(await time.getAttribute("title")).toBe(`${utc.toISOString().replace("T", " ").replace("Z", "")} UTC`);
});

test.each(["/incidents", "/alerts", "/hosts"])("%s fits a screen of 1024", async (path) => {
  const page = await open(path, { width: 1024, height: 768 });
  await page.locator("tbody tr.row").first().waitFor();
  await browser.picture(`${path.slice(1)}-1024`);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
});
