import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { inject } from "vitest";

export const password = "correct horse battery";

/**
 * A server over a state that tells a story. What it will tell is fixed; `tell`
 * makes it tell the next step, as an engine would write it.
 */
export class Server {
  private readonly home = mkdtempSync(join(tmpdir(), "baize-seed-"));
  private child: ChildProcessWithoutNullStreams | undefined;
  private lines: Interface | undefined;
  url = "";

  /** Starts with so many steps told. */
  static async start(told = 1000): Promise<Server> {
    const server = new Server();
    await server.run("127.0.0.1:0", told);
    return server;
  }

  private async run(address: string, told: number): Promise<void> {
    const args = ["-home", this.home, "-http", address, "-password", password, "-told", String(told)];
    this.child = spawn(inject("seed"), args);
    this.child.stderr.pipe(process.stderr);
    this.lines = createInterface(this.child.stdout);
    const [line] = (await once(this.lines, "line", { signal: AbortSignal.timeout(20_000) })) as [string];
    const ready = /^ready (https:\S+?)\/?$/.exec(line);
    if (!ready?.[1]) throw new Error(`the server said ${line}`);
    this.url = ready[1];
  }

  /** Tells the next step; resolves once it is written. */
  async tell(steps = 1): Promise<void> {
    for (let step = 0; step < steps; step++) {
      if (!this.child || !this.lines) throw new Error("the server is not running");
      const told = once(this.lines, "line", { signal: AbortSignal.timeout(20_000) });
      this.child.stdin.write("\n");
      await told;
    }
  }

  /** Stops the process; the state stays. */
  async stop(): Promise<void> {
    const child = this.child;
    if (!child) return;
    this.child = undefined;
    const ended = once(child, "exit", { signal: AbortSignal.timeout(20_000) });
    child.stdin.end();
    await ended;
  }

  /** Starts again at the same address over the same state, telling nothing by itself. */
  async again(): Promise<void> {
    await this.run(new URL(this.url).host, 0);
  }

  /** Stops, and removes the state. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
