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

async function open(path: string, user: string, look: Look = {}) {
  browser = await Browser.open(server.url, look);
  return browser.enter(path, user);
}

test("an administrator labels one host, then many by name", async () => {
  const page = await open("/hosts", "admin");
  const row = page.getByRole("row", { name: /^Details of db-1|db-1/ }).first();
  await row.getByRole("button", { name: "Details of db-1" }).click();
  await page.getByRole("button", { name: "Edit labels of db-1" }).click();
  const drawer = page.getByRole("dialog");
  await expect.poll(() => drawer.getByLabel("Name").inputValue()).toBe("h-db-1");
  await drawer.getByLabel("Service").fill("billing");
  await drawer.getByLabel("Owner").fill("ann");
  await drawer.getByRole("button", { name: "Save" }).click();
  await row.getByText("billing").waitFor();
  await drawer.getByRole("button", { name: "Remove labels of h-db-1" }).waitFor();
  await drawer.getByLabel("Name").fill("*-1");
  await drawer.getByLabel("Group").fill("prod");
  await browser.picture("labels");
  await drawer.getByRole("button", { name: "Save" }).click();
  // Of the name with most to say counts each label, of the others the rest.
  await page.getByRole("row", { name: /web-1/ }).getByText("prod").waitFor();
  await row.getByText("prod").waitFor();
  await row.getByText("billing").waitFor();
  await drawer.getByRole("button", { name: "Remove labels of *-1" }).click();
  await page.getByRole("row", { name: /web-1/ }).getByText("prod").waitFor({ state: "detached" });
  await row.getByText("billing").waitFor();
  await drawer.getByRole("button", { name: "Close labels" }).click();
  await browser.picture("hosts-labels");
});

test("others see labels and change none", async () => {
  const page = await open("/hosts", "responder", { language: "zh-CN" });
  await page.getByRole("button", { name: "标 签" }).or(page.getByRole("button", { name: "标签" })).click();
  await page.getByText("只有管理员可以修改标签。").waitFor();
  expect(await page.getByRole("button", { name: "删除" }).count()).toBe(0);
  await browser.picture("labels-zh");
});

test("an incident says whose it is, and where the cleaner goes next", async () => {
  const page = await open("/incidents/inc-0001", "analyst");
  await page.locator("header.head").getByText("shop", { exact: true }).waitFor();
  const contain = page.locator("#contain");
  await contain.getByText("Same service, not hit").waitFor();
  await contain.getByText("web-2").waitFor();
  await contain.getByText("web-3").waitFor();
  await browser.picture("incident-siblings");
  await page.locator("#alerts tbody tr.row").first().click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("registry.example/shop/api:1.8.2").first().waitFor();
  await drawer.getByText("retail").waitFor();
});
