import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { schemaOf } from "./schema";
import { Server } from "./server";

const file = resolve("src/api/schema.ts");

test("the console's types are those of the server's API", async () => {
  const server = await Server.start(0);
  try {
    const schema = await schemaOf(server.url);
    if (process.env.UPDATE === "1") writeFileSync(file, schema);
    expect(readFileSync(file, "utf8") === schema, "src/api/schema.ts is stale: npm run schema").toBe(true);
  } finally {
    await server.close();
  }
});
