import { defineConfig } from "vitest/config";

// Tests of the built console in a real browser against a real server. They run
// one after the other: each starts its own server, and machines are small.
export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup.ts",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Milliseconds that a poll waits: what a test expects, not how fast it is.
    expect: { poll: { timeout: 15_000 } },
  },
});
