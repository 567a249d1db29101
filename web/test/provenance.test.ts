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

const region = (name: string) => browser.page.getByRole("region", { name, exact: true });
const node = (name: RegExp) => browser.page.locator("[data-node]").and(browser.page.getByRole("button", { name }));

async function open(path: string, look: Look = {}, user = "analyst") {
  browser = await Browser.open(server.url, look);
  const page = await browser.enter(path, user);
  await page.locator("[data-node]").first().waitFor();
  return page;
}

/** Opens the provenance of the intrusion from its incident. */
async function intrusion(look: Look = {}, user = "analyst") {
  browser = await Browser.open(server.url, look);
  const page = await browser.enter("/incidents/inc-0001", user);
  await region("Intrusions").getByRole("link", { name: "Open provenance" }).click();
  await page.locator("[data-node]").first().waitFor();
  return page;
}

test("an intrusion shows where it came from, what it did, and what is marked", async () => {
  const page = await intrusion();
  await page.getByRole("heading", { name: "Intrusion on web-1" }).waitFor();
  for (const name of [
    /^Process \/bin\/sh -c curl http:\/\/203.*entry point/, /^Process java.*service/, /^File \/dev\/shm\/kworker, brought file, deleted/,
    /^File \/etc\/cron\.d\/sysstat-collect, persistence/, /^File \/opt\/shop\/config\/db\.properties, sensitive file/,
    /^Address 203\.0\.113\.40:443, peer/, /^Domain cdn-sync\.example, peer/, /^Process ps aux, exited/,
  ]) {
    await node(name).first().waitFor();
  }
  await page.getByRole("button", { name: /→ 198\.51\.100\.77:8443: connected 48\.0 MiB/ }).waitFor();
  await page.getByRole("button", { name: /sysstat-collect → .*: job/ }).waitFor();
  // From left to right: the service, the entry, the trojan, its peer.
  const left = async (name: RegExp) => (await node(name).first().boundingBox())?.x ?? NaN;
  const order = [await left(/^Process java/), await left(/entry point/), await left(/^Process \/dev\/shm\/kworker/), await left(/203\.0\.113\.40/)];
  expect(order).toEqual([...order].sort((a, b) => a - b));
  await browser.picture("intrusion", true);
  await page.getByRole("button", { name: "All of it" }).click();
  await expect.poll(() => page.locator(".drawing").evaluate((area) => area.scrollWidth - area.clientWidth)).toBeLessThanOrEqual(0);
  await browser.picture("intrusion-whole");
});

test("a node leads to its raw events, by pointer and by keyboard", async () => {
  const page = await intrusion();
  await node(/^Process curl/).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("Raw events").waitFor();
  await drawer.locator("[aria-current=true]").waitFor();
  expect(new Set(await drawer.locator(".event-kind").allInnerTexts())).toContain("network.connect");
  await browser.picture("intrusion-node");
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });

  const first = page.locator("[data-node][tabindex='0']");
  await first.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await drawer.locator("[aria-current=true]").waitFor();
  await drawer.getByRole("heading", { name: "Lines at this node" }).waitFor();
  await drawer.locator(".node-lines button").first().focus();
  await page.keyboard.press("Enter");
  await drawer.getByRole("columnheader", { name: "Operation" }).waitFor();
});

test.each<[string, RegExp, string]>([
  ["a file", /^File \/dev\/shm\/kworker, brought file/, "/dev/shm/kworker"],
  ["a definition", /^File \/etc\/cron\.d\/sysstat-collect, persistence/, "/etc/cron.d/sysstat-collect"],
  ["a sensitive file", /^File \/opt\/shop\/config\/db\.properties, sensitive file/, "/opt/shop/config/db.properties"],
  ["an address", /^Address 203\.0\.113\.40:443, peer/, "203.0.113.40:443"],
  ["a name", /^Domain cdn-sync\.example, peer/, "cdn-sync.example"],
])("one click on %s leads to the raw event behind it", async (_, name, text) => {
  const page = await intrusion();
  await node(name).first().click();
  const here = page.getByRole("dialog").locator("[aria-current=true]");
  await here.waitFor();
  expect(await here.innerText()).toContain(text);
});

test("a line shows operation, count and bytes, and the events around it", async () => {
  const page = await intrusion();
  await page.getByRole("button", { name: /sysstat → 198\.51\.100\.77:8443: connected/ }).locator(".hit").dispatchEvent("click");
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("cell", { name: "48.0 MiB" }).waitFor();
  const here = drawer.locator("[aria-current=true]");
  await here.getByText("198.51.100.77:8443").waitFor();
  // Only that process at first; all that the host saw on demand, and more of it.
  const rows = drawer.locator(".event");
  const alone = await rows.count();
  await drawer.getByRole("checkbox", { name: "Only what this process did" }).uncheck();
  await expect.poll(() => rows.count()).toBeGreaterThan(alone);
  const some = await rows.count();
  await drawer.getByRole("button", { name: "Earlier" }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(some);
  await here.locator("summary").click();
  expect(await here.locator("pre").innerText()).toContain('"kind": "network.connect"');
});

test("what a node stands for is shown on demand", async () => {
  await intrusion();
  const many = node(/^Process cat .*4 processes/);
  await many.getByRole("button", { name: "Show what the node stands for" }).click();
  await many.locator("text[role=button]", { hasText: "cat /proc/mounts" }).waitFor();
});

test("the time window dims what is outside of it", async () => {
  const page = await intrusion();
  expect(await page.locator(".gnode.dim").count()).toBe(0);
  const begin = page.getByRole("slider", { name: "Beginning of the time window" });
  await begin.focus();
  for (let press = 0; press < 30; press++) await page.keyboard.press("ArrowRight");
  await expect.poll(() => node(/^Domain cdn-sync/).getAttribute("class")).toContain("dim");
  expect(await node(/sysstat-collect/).getAttribute("class")).not.toContain("dim");
  await browser.picture("intrusion-window");
  await page.getByRole("button", { name: "All", exact: true }).click();
  await expect.poll(() => page.locator(".gnode.dim").count()).toBe(0);
});

test("answers say what they rest on, and how far they hold", async () => {
  const page = await intrusion();
  const answers = region("The five questions");
  const answer = (question: string) => answers.locator("dl > div", { hasText: question });
  await answer("Is there persistence?").getByText("at least").waitFor();
  await answer("Is there persistence?").getByText("Telemetry not complete: Kernel").waitFor();
  await answer("Is there persistence?").getByText("*/2 * * * * app /var/tmp/.sysstat").waitFor();
  await answer("Are the trojans deleted?").getByText("Not all").waitFor();
  await answer("Did they move laterally?").getByText("10.20.0.11:22").waitFor();
  await page.getByRole("tab", { name: /Persistence/ }).click();
  await page.getByRole("table", { name: "Persistence" }).getByText("+ */2 * * * * app /var/tmp/.sysstat").waitFor();
  await page.getByRole("tab", { name: /Peers/ }).click();
  await page.getByRole("table", { name: "Peers" }).getByRole("row", { name: /10\.20\.0\.11:22.*inside/ }).waitFor();
  await page.getByRole("tab", { name: /Processes/ }).click();
  await page.getByRole("row", { name: /\.sysstat.*running.*brought program/ }).or(page.getByRole("row", { name: /running.*brought program.*\.sysstat/ })).waitFor();
});

test("a host that nobody vouches for has unknown answers, naming the classes", async () => {
  await open("/alerts/a-0006/provenance");
  const answers = region("The five questions");
  await answers.locator("dl > div", { hasText: "Did they move laterally?" }).getByText("Telemetry not complete: Network, Processes").waitFor();
  await region("Kill chain").getByRole("listitem").filter({ hasText: "Lateral move" }).getByText("Unknown").waitFor();
});

test("an alert leads to its provenance and its raw events; a viewer sees no raw event", async () => {
  let page = await open("/alerts/a-0005/provenance");
  await node(/^Process .*alert/).waitFor();
  await page.getByRole("link", { name: /Incident inc-0001/ }).click();
  await region("Alerts").getByText("Program executed from shared memory").first().click();
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("button", { name: "Show the raw events before and after" }).click();
  await drawer.locator("[aria-current=true] .event-kind").getByText("process.exec").waitFor();
  expect(await drawer.locator(".event-kind").allInnerTexts()).toContain("file.attributes");
  await drawer.getByRole("link", { name: "Open provenance" }).click();
  await page.getByRole("heading", { name: /Provenance of “Program executed from shared memory”/ }).waitFor();
  await browser.close();

  page = await open("/alerts/a-0005/provenance", {}, "viewer");
  await node(/^Process .*alert/).click();
  await page.getByText("they need the role of an analyst").waitFor();
});

test("it is all there in Chinese", async () => {
  const page = await intrusion();
  await page.getByRole("button", { name: "切换到简体中文" }).click();
  for (const name of ["杀伤链", "溯源图", "五个问题", "入侵者的行为"]) await region(name).waitFor();
  await region("五个问题").getByText("遥测不完整：内核").waitFor();
  await browser.picture("intrusion-zh", true);
  await node(/^进程 \/dev\/shm\/kworker/).click();
  await page.getByRole("dialog").getByText("仅看此进程的行为").waitFor();
  await browser.picture("intrusion-node-zh");
});

test.each<[string, Look, boolean]>([
  ["intrusion-1024", { width: 1024, height: 768 }, true],
  ["intrusion-dark", { colors: "dark" }, true],
])("picture %s: nothing is wider than the page", async (name, look, whole) => {
  const page = await intrusion(look);
  await browser.picture(name, whole);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
});
