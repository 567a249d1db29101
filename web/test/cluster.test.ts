import { afterEach, expect, test } from "vitest";
import { Browser, type Look } from "./browser";
import { Server } from "./server";

let server: Server;
let browser: Browser;
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
  await server.close();
});

async function begin(told = 1000, look: Look = {}): Promise<void> {
  server = await Server.start(told);
  browser = await Browser.open(server.url, look);
}

const region = () => browser.page.locator("#cluster");
const node = (name: RegExp) => region().locator("[data-node]").and(browser.page.getByRole("button", { name }));

/** Opens the incident at its cluster. */
async function open() {
  const page = await browser.enter("/incidents/inc-0001");
  await region().locator("[data-node]").first().waitFor();
  await region().scrollIntoViewIfNeeded();
  return page;
}

test("the cluster shows what alerts share, and lights what belongs together", async () => {
  await begin();
  const page = await open();
  for (const name of [/^Host web-1/, /^Alert Program executed from shared memory/, /^File \/dev\/shm\/kworker, brought file/, /^Address 203\.0\.113\.40, peer/, /^Container /]) {
    await node(name).first().waitFor();
  }
  await region().getByRole("button", { name: /^Program executed.* → \/dev\/shm\/kworker: file flow/ }).waitFor();
  await browser.picture("cluster");
  expect(await region().locator(".gnode.dim").count()).toBe(0);
  await node(/^Address 203\.0\.113\.40/).click();
  await expect.poll(() => region().locator(".gnode:not(.dim)").count()).toBe(2);
  await region().locator(".cluster-chosen").getByText("203.0.113.40").waitFor();
  await browser.picture("cluster-lit");
  await node(/^Address 203\.0\.113\.40/).click();
  await node(/^Alert Download to shared memory/).click();
  await region().getByRole("button", { name: "Show the evidence of 1 alert" }).click();
  await page.getByRole("dialog").getByText("203.0.113.9:80").first().waitFor();
});

test("what is new waits while a node is looked at", async () => {
  await begin(5);
  const page = await open();
  await page.getByText("Live", { exact: true }).waitFor();
  await node(/^Host web-1/).click();
  const place = await node(/^Host web-1/).boundingBox();
  await server.tell(6);
  await region().getByRole("button", { name: /new in the graph/ }).waitFor();
  expect(await node(/^Address 198\.51\.100\.77/).count()).toBe(0);
  const now = await node(/^Host web-1/).boundingBox();
  expect([now?.x, now?.width]).toEqual([place?.x, place?.width]);
  await region().getByRole("button", { name: /new in the graph/ }).click();
  await node(/^Address 198\.51\.100\.77/).waitFor();
});

// 500 alerts of 12 rules on 125 hosts, each with an address and a file; a worm.
function worm() {
  return Array.from({ length: 500 }, (_, at) => ({
    id: `w-${at}`, org: "default", time: new Date(Date.UTC(2026, 0, 2) + at * 1000).toISOString(), incident: "inc-0001",
    host: { id: `h-${at % 125}`, name: `node-${at % 125}` },
    rule: { id: `r${at % 12}`, title: `Finding number ${at % 12} of the worm`, level: "high", tactics: ["execution"] },
    entities: [{ type: "ip", value: `198.51.100.${at % 40}`, role: "destination" }, { type: "file", value: `h-${at % 125}:/tmp/.w${at}`, role: "written" }],
  }));
}

test.each<[string, Look]>([["cluster-500", {}], ["cluster-500-1024", { width: 1024, height: 768, language: "zh-CN" }]])(
  "picture %s: five hundred alerts can be read",
  async (name, look) => {
    await begin(1000, look);
    await browser.page.route("**/api/v1/incidents/inc-0001/alerts?*", async (route) => {
      await route.fulfill({ json: { items: worm(), next: "" } });
    });
    const page = await open();
    await expect.poll(() => region().locator(".gnode-alert").count()).toBe(12);
    expect(await region().locator("[data-node]").count()).toBeLessThanOrEqual(80);
    await browser.picture(name);
    // The smallest step leaves a line's worth to scroll on the lower screen.
    await region().getByRole("button", { name: /^(All of it|全图)$/ }).click();
    await expect.poll(() => region().locator(".drawing").evaluate((area) => area.scrollHeight / area.clientHeight)).toBeLessThan(1.1);
    await browser.picture(`${name}-whole`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  },
);
