import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Browser } from "./browser";
import { password, Server } from "./server";

let server: Server;
let browser: Browser;
beforeAll(async () => { server = await Server.start(); });
afterAll(() => server.close());
beforeEach(async () => { browser = await Browser.open(server.url); });
afterEach(async () => {
  expect(browser.complaints).toEqual([]);
  await browser.close();
});

async function signIn(user: string, word: string): Promise<void> {
  await browser.page.getByLabel("User").fill(user);
  await browser.page.getByLabel("Password", { exact: true }).fill(word);
  await browser.page.getByRole("button", { name: "Sign in" }).click();
}

test("a wrong password is refused in words, the right one opens the page that was asked for", async () => {
  const page = await browser.goto("/hosts");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await browser.picture("login");
  await signIn("admin", "wrong horse battery");
  await page.getByText("User or password is wrong.").waitFor();
  await browser.picture("login-wrong");
  await signIn("admin", password);
  await page.getByRole("heading", { name: "Hosts", exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/hosts");
});

test("a one-time password leads to choosing one's own", async () => {
  await browser.enter("/incidents", "admin");
  const made = await browser.context.request.post(`${server.url}/api/v1/users`, { data: { name: "newcomer", role: "analyst" } });
  const { one_time_password: once } = (await made.json()) as { one_time_password: string };
  await browser.page.getByRole("button", { name: "Sign out" }).click();
  await signIn("newcomer", once);
  const { page } = browser;
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  await page.getByLabel("New password", { exact: true }).fill("a word of my own");
  await page.getByLabel("New password, again").fill("another word");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("The two passwords differ.").waitFor();
  await browser.picture("password");
  await page.getByLabel("New password, again").fill("a word of my own");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Incidents" }).waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn("newcomer", "a word of my own");
  await page.getByRole("heading", { name: "Incidents" }).waitFor();
});

test("the language follows the browser and can be changed, also before signing in", async () => {
  const chinese = await Browser.open(server.url, { language: "zh-CN" });
  const page = await chinese.goto("/");
  await page.getByRole("heading", { name: "登录" }).waitFor();
  await chinese.picture("login-zh");
  await page.getByRole("button", { name: "Switch to English" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
  await chinese.close();
});
