import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page, type Request } from "playwright-core";
import { expect, inject } from "vitest";
import { password } from "./server";

export interface Look {
  width?: number;
  height?: number;
  language?: "en-US" | "zh-CN";
  colors?: "light" | "dark";
}

/** A browser of its own with one page, and what that page complained of. */
export class Browser {
  readonly complaints: string[] = [];
  /** Calls of the API that the page has not got an answer to; the live stream is none. */
  private readonly asked = new Set<Request>();

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly profile: string,
    private readonly url: string,
  ) {}

  /** Opens a browser for the server at url, in a fresh profile. */
  static async open(url: string, look: Look = {}): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "baize-profile-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: inject("chromium"),
      headless: true,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
      ],
      ignoreHTTPSErrors: true,
      viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
      locale: look.language ?? "en-US",
      colorScheme: look.colors ?? "light",
      timezoneId: "Asia/Shanghai",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const browser = new Browser(context, context.pages()[0] ?? (await context.newPage()), profile, url);
    browser.listen();
    return browser;
  }

  private listen(): void {
    this.page.setDefaultTimeout(15_000);
    const answered = (request: Request) => { this.asked.delete(request); };
    this.page.on("request", (request) => {
      if (request.url().includes("/api/") && !request.url().endsWith("/stream")) this.asked.add(request);
    });
    this.page.on("requestfinished", answered);
    this.page.on("requestfailed", answered);
    this.page.on("pageerror", (error) => this.complaints.push(error.message));
    this.page.on("console", (message) => {
      // A refused call or a lost connection is logged by the browser itself.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(message.text());
      }
    });
  }

  /** Signs in without the page, and opens a path. */
  async enter(path: string, user = "analyst"): Promise<Page> {
    const answer = await this.context.request.post(`${this.url}/api/v1/login`, { data: { user, password } });
    if (!answer.ok()) throw new Error(`login: ${answer.status()} ${await answer.text()}`);
    return this.goto(path);
  }

  async goto(path: string): Promise<Page> {
    await this.page.goto(this.url + path);
    return this.page;
  }

  /** Waits until the page has all that it asked for. */
  async answered(): Promise<void> {
    await expect.poll(() => this.asked.size).toBe(0);
  }

  /** Takes a picture once fonts are there and nothing is loading. */
  async picture(name: string, fullPage = false): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready);
    await this.page.locator(".ant-spin").waitFor({ state: "hidden" });
    await this.page.screenshot({ path: join(inject("pictures"), `${name}.png`), fullPage, animations: "disabled" });
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
