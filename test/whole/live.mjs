// Somebody before the console: signs in, opens the list of incidents, says
// "ready", and reports when an incident with one of the titles is on the page,
// without a reload. Then splits an alert off on the incident's page, and takes that
// back, and reports what the page has each time, still without a reload.
//
//   node live.mjs URL USER PASSWORD "TITLE|TITLE" ALERT
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [url, user, password, title, alert] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-US" });
  const page = await context.newPage();
  await page.goto(url);
  await page.fill('input[autocomplete="username"]', user);
  await page.fill('input[autocomplete="current-password"]', password);
  await page.click('button[type="submit"]');
  const fresh = page.locator('input[autocomplete="new-password"]');
  await fresh.first().or(page.locator(".filters")).first().waitFor();
  if ((await fresh.count()) > 0) {
    const own = randomUUID();
    for (const field of await fresh.all()) await field.fill(own);
    await page.click('button[type="submit"]');
  }
  await page.locator(".filters").waitFor();
  // The page tells the time itself, so that driving it costs nothing.
  await page.evaluate((wanted) => {
    window.sameDocument = true;
    window.firstRow = new Promise((resolve) => {
      const look = () => {
        const rows = [...document.querySelectorAll(".row-link")];
        const row = rows.find((candidate) => wanted.split("|").some((title) => candidate.textContent.includes(title)));
        if (row) resolve({ seen: Date.now(), text: row.textContent });
        else requestAnimationFrame(look);
      };
      look();
    });
  }, title);
  console.log("ready");
  const found = await page.evaluate(() => window.firstRow);
  const sameDocument = () => page.evaluate(() => window.sameDocument === true);
  console.log(JSON.stringify({ ...found, sameDocument: await sameDocument() }));

  const region = (name) => page.getByRole("region", { name, exact: true });
  const dialog = page.getByRole("dialog");
  const rows = region("Alerts").getByRole("checkbox", { name: /^Choose .+/ });
  const chosen = region("Alerts").getByRole("checkbox", { name: `Choose ${alert}`, exact: true });
  const report = async (what) =>
    console.log(JSON.stringify({ what, alerts: await rows.count(), incident: page.url().split("/").pop(), sameDocument: await sameDocument() }));
  await page.locator(".row-link").first().click();
  await chosen.waitFor();
  await report("open");
  await chosen.check();
  await region("Alerts").getByRole("button", { name: "Split off…" }).click();
  await dialog.getByRole("button", { name: "Split off alerts" }).click();
  await chosen.waitFor({ state: "detached" });
  await report("split");
  await region("Decisions").getByRole("button", { name: "Withdraw…" }).click();
  await dialog.getByRole("button", { name: "Withdraw this decision" }).click();
  await chosen.waitFor();
  await report("withdrawn");
} finally {
  await browser.close();
}
