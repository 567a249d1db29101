import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "./browser";
import { password, Server } from "./server";

let server: Server;
let browser: Browser;
beforeEach(async () => {
  server = await Server.start(6);
  browser = await Browser.open(server.url);
});
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
  await server.close();
});

test("a session that ended leads to sign-in, and back to where the reader was", async () => {
  const page = await browser.enter("/incidents/inc-0001");
  await page.getByText("Live", { exact: true }).waitFor();
  // What is still asked for would notice the end before the click does.
  await page.getByRole("tree").waitFor();
  await browser.answered();
  const ended = await browser.context.request.post(`${server.url}/api/v1/logout`);
  expect(ended.ok()).toBe(true);
  await page.getByRole("link", { name: "Hosts" }).click();
  await page.getByText("Your session has ended.").waitFor();
  await browser.picture("session-ended");

  await page.getByLabel("User").fill("analyst");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Hosts", exact: true }).waitFor();
});

test("a server that is away is said to be, and followed again when it is back", async () => {
  const page = await browser.enter("/incidents");
  await page.getByText("Live", { exact: true }).waitFor();
  await server.stop();
  await page.getByText("The connection to the server is lost.").waitFor();
  await page.getByText("Reconnecting…", { exact: true }).waitFor();
  await page.getByRole("row", { name: /was made to run commands/ }).waitFor();
  await browser.picture("reconnecting");

  await server.again();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("The connection to the server is lost.").waitFor({ state: "hidden" });
});
