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
  const page = await browser.enter(path);
  await page.getByRole("tree").waitFor();
  return page;
}

const region = (name: string) => browser.page.getByRole("region", { name, exact: true });

test("an incident says what happened, why it is one, and what to act on", async () => {
  const page = await open("/incidents/inc-0001");
  await page.getByRole("heading", { name: "Web service java on web-1 was made to run commands" }).waitFor();
  await region("What happened").getByText(/way in did not/).waitFor();
  await region("What happened").getByText("Are the trojans deleted?").waitFor();

  const types = region("Alert types").getByRole("listitem");
  expect(await types.first().innerText()).toMatch(/Critical/);
  await region("Alert types").getByText("Connection to the outside from shared memory").waitFor();

  const reasons = region("Why these alerts belong together");
  await reasons.getByRole("button").first().click();
  await expect.poll(() => reasons.getByText("↔").count()).toBeGreaterThan(1);

  const contain = region("Still to handle");
  for (const text of ["web-1", "203.0.113.40", "198.51.100.77", "/dev/shm/kworker", "/var/tmp/.sysstat"]) {
    await contain.getByText(text, { exact: true }).waitFor();
  }
  await contain.getByRole("button", { name: "Copy all" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("198.51.100.77");
  await contain.getByText(/^9 alerts · /).waitFor();
  await region("Alert types").getByText("By tactic").click();
  await region("Alert types").getByText("Command and control").waitFor();

  await expect.poll(() => region("Alerts").locator("tbody tr").count()).toBe(9);
  await region("Entities").getByText("shop-api").or(region("Entities").getByText("4f2a9c0d71be")).first().waitFor();
});

test("the process tree shows the lineage from the service to the trojan", async () => {
  const page = await open("/incidents/inc-0001");
  const level = async (name: RegExp) => Number(await page.getByRole("treeitem", { name }).first().getAttribute("aria-level"));
  const service = await level(/java -jar/);
  expect(await level(/curl .*kworker.*chmod/)).toBe(service + 1);
  expect(await level(/^kworker/)).toBe(service + 2);
  await page.getByRole("treeitem", { name: /^kworker/ }).getByText("poses as [kworker/14:1]").waitFor();

  // By keyboard: to the top, close the first, open its detail.
  const first = page.getByRole("treeitem").first();
  const all = await page.getByRole("treeitem").count();
  await first.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => page.getByRole("treeitem").count()).toBe(1);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.getByRole("treeitem").count()).toBe(all);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".node-detail").waitFor();
});

test("the kill chain is on the page and on its alert, with what it rests on", async () => {
  const page = await open("/incidents/inc-0001");
  const stage = (where: ReturnType<typeof region>, name: string) =>
    where.getByRole("list", { name: "Kill chain" }).getByRole("listitem").filter({ hasText: name });
  const account = region("What happened");
  await expect.poll(() => account.getByRole("list", { name: "Kill chain" }).getByRole("listitem").count()).toBe(12);
  await stage(account, "Persistence").getByText("Seen").waitFor();
  await stage(account, "Impact").getByText("Not seen").waitFor();
  expect(await stage(account, "Exfiltration").getAttribute("title")).toContain("left for the outside");
  // A stage that an alert showed leads to it.
  await stage(account, "C2").getByRole("button").click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("203.0.113.40:443").first().waitFor();
  await region("Alerts").getByText(/^Kill chain: /).click();
  await stage(drawer, "Download").getByText("Seen").waitFor();
  await browser.picture("chain");
});

test("evidence opens beside the page and can be linked to", async () => {
  const page = await open("/incidents/inc-0001");
  await region("Alerts").getByText("Program executed from shared memory").first().click();
  const drawer = page.getByRole("dialog");
  for (const text of [
    "/dev/shm/kworker", "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9", "app (1000)",
    "java -jar /opt/shop/api.jar", "registry.example/shop/api:1.8.2", "T1620", "in memory (tmpfs)",
  ]) {
    await drawer.getByText(text).first().waitFor();
  }
  await drawer.getByText("Event as recorded").click();
  expect(await drawer.locator("pre").innerText()).toContain('"kind": "process.exec"');
  await browser.picture("evidence");

  // The page beside it stays usable, and the address leads back here.
  await region("Alerts").getByText("Process disguised as a kernel thread").click();
  await drawer.getByText("[kworker/14:1]").first().waitFor();
  expect(new URL(page.url()).search).toBe("?alert=a-0004");
  await drawer.getByRole("button", { name: "Alert before" }).click();
  await drawer.getByText("4 / 9").waitFor();
  await drawer.getByRole("button", { name: "Alert after" }).click();
  await page.reload();
  await drawer.getByText("[kworker/14:1]").first().waitFor();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  expect(new URL(page.url()).search).toBe("");
});

test("it is all there in Chinese", async () => {
  const page = await open("/incidents/inc-0001");
  await page.getByRole("button", { name: "切换到简体中文" }).click();
  await region("事件经过").getByText(/入口未变/).waitFor();
  for (const name of ["入侵", "告警类型分布", "归并原因", "进程树", "时间线", "实体"]) await region(name).waitFor();
  await page.getByText("伪装为 [kworker/14:1]").first().waitFor();
  await browser.picture("incident-zh", true);
  await page.getByRole("link", { name: "告警", exact: true }).first().click();
  await page.getByRole("columnheader", { name: "从属事件" }).waitFor();
  await browser.picture("alerts-zh");
});

test("an incident that is not there says so", async () => {
  browser = await Browser.open(server.url);
  const page = await browser.enter("/incidents/none-such");
  await page.getByText("There is nothing with this id.").waitFor();
});

test.each<[string, Look, boolean]>([
  ["incident", { height: 1000 }, false],
  ["incident-whole", {}, true],
  ["incident-1024", { width: 1024, height: 768 }, true],
  ["incident-dark", { colors: "dark" }, true],
])("picture %s: nothing is wider than the page", async (name, look, whole) => {
  const page = await open("/incidents/inc-0001", look);
  await region("Timeline").getByRole("listitem").first().waitFor();
  await browser.picture(name, whole);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
});
