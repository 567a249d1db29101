import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The program that serves API and console over a seeded state. */
    seed: string;
    chromium: string;
    /** Where pictures go. */
    pictures: string;
  }
}

/** The browser to use: $CHROMIUM, or where Debian installs it. */
function findChromium(): string {
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(path)) throw new Error(`no browser at ${path}: install the package chromium, or set CHROMIUM`);
  return path;
}

/** Builds the console and the server that embeds it, once for all tests. */
export default function setup(project: TestProject): () => void {
  const chromium = findChromium();
  const dir = mkdtempSync(join(tmpdir(), "baize-browser-"));
  const seed = join(dir, "seed");
  execFileSync("npm", ["run", "--silent", "build", "--", "--logLevel", "warn"], { stdio: "inherit" });
  execFileSync("go", ["build", "-o", seed, "./test/seed"], { cwd: "..", stdio: "inherit" });
  const pictures = resolve("test/pictures");
  mkdirSync(pictures, { recursive: true });
  project.provide("seed", seed);
  project.provide("chromium", chromium);
  project.provide("pictures", pictures);
  return () => { rmSync(dir, { recursive: true, force: true }); };
}
