import openapi, { astToString } from "openapi-typescript";
import { Agent, get } from "node:https";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";

const head = `// Generated from the server's OpenAPI document. Do not edit: npm run schema.
`;

/** Reads a page of a server whose certificate is its own. */
async function read(url: string): Promise<string> {
  const agent = new Agent({ rejectUnauthorized: false }); // a server of the test, on loopback
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on("error", reject);
  });
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode ?? "?"}`);
  return text(response);
}

/** The TypeScript of the API that the server at url describes. */
export async function schemaOf(url: string): Promise<string> {
  const document = await read(`${url}/openapi.json`);
  return head + astToString(await openapi(document));
}
