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

async function open(path: string, user = "admin", look: Look = {}) {
  browser = await Browser.open(server.url, look);
  return browser.enter(path, user);
}

test("rules show their packs, their source, and are switched by an admin alone", async () => {
  let page = await open("/rules", "viewer");
  await page.getByRole("table", { name: "Packs" }).getByText("baize", { exact: true }).waitFor();
  const rows = page.getByRole("table", { name: "Rules" }).locator("tbody tr.row");
  await expect.poll(() => rows.count()).toBeGreaterThan(25);
  expect(await page.getByRole("switch").first().isDisabled()).toBe(true);
  await browser.picture("rules");
  await browser.close();

  page = await open("/rules");
  await page.getByPlaceholder("Filter by title").fill("cron");
  const row = page.getByRole("table", { name: "Rules" }).locator("tbody tr.row").first();
  await row.getByText("In force").waitFor();
  await row.click();
  await page.getByText("detection:").waitFor();
  await browser.picture("rule");
  await row.getByRole("switch").click();
  await row.getByText("Off", { exact: true }).waitFor();
  await row.getByRole("switch").click();
  await row.getByText("In force").waitFor();
  await page.getByRole("link", { name: "Except known firings of it" }).click();
  await page.getByRole("dialog").getByText("New exception").waitFor();
});

test("an exception is previewed, put in force, and ended", async () => {
  const page = await open("/exceptions", "responder");
  await page.getByText("No exceptions").waitFor();
  await page.getByRole("button", { name: "New exception" }).click();
  const editor = page.getByRole("dialog");
  await editor.getByRole("textbox", { name: "Selection" }).fill("Event.Kind|contains: '.'");
  await editor.getByRole("textbox", { name: "Reason" }).fill("Nightly backup");
  await editor.getByRole("combobox", { name: "Time range" }).click();
  await page.getByText("last 30 days").click();
  await editor.getByRole("button", { name: "Preview" }).click();
  await editor.getByText(/of \d+ stored alerts/).waitFor();
  await browser.picture("exception-editor");
  await editor.getByRole("button", { name: "Put in force" }).click();
  const row = page.getByRole("table", { name: "Exceptions" }).locator("tbody tr.row").first();
  await row.getByText("Nightly backup").waitFor();
  await row.click();
  await page.getByText("It has hidden nothing yet.").waitFor();
  await browser.picture("exceptions");
  await row.getByRole("button", { name: "End" }).click();
  await page.getByRole("tooltip").getByRole("button", { name: "End" }).click();
  await row.getByText("Ended").waitFor();
});

test("a selection that cannot be is refused with its line", async () => {
  const page = await open("/exceptions?new=none", "responder");
  const editor = page.getByRole("dialog");
  await editor.getByRole("textbox", { name: "Selection" }).fill("Image: a\nCommandLine|nonsense: b");
  await editor.getByRole("button", { name: "Preview" }).click();
  await editor.getByText(/line 2/).waitFor();
});

test("the pages are in Chinese too, and fit a screen of 1024", async () => {
  const page = await open("/rules", "admin", { language: "zh-CN", width: 1024, height: 768 });
  await page.getByRole("heading", { name: "规则" }).first().waitFor();
  await page.locator("tbody tr.row").first().waitFor();
  await browser.picture("rules-zh-1024");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  await browser.goto("/exceptions");
  await page.getByRole("button", { name: "新建例外" }).click();
  await page.getByRole("dialog").getByText("选择条件").first().waitFor();
  await browser.picture("exceptions-zh-1024");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
});
