import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Handle } from "./gateway";
import { createNodeHandler } from "./node-http";

const STUCK_MS = 300;
/** More than the kernel takes on its own. */
const LARGE = Buffer.alloc(24 * 1024 * 1024, "a");

/** A server whose every answer is `handle`'s, and a client that has asked and reads nothing. */
async function reluctantReader(handle: Handle) {
  const answer = createNodeHandler(handle, {}, STUCK_MS);
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reader = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  onTestFinished(() => {
    reader.destroy();
    server.close();
  });
  const [held] = await once(server, "connection");
  reader.on("error", () => undefined).write("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
  return { held, reader };
}

test("whoever takes nothing of an answer that has ended is cut off", async () => {
  const whole: Handle = async (_, client) => client.answer(200, {}, LARGE);
  const streamed: Handle = async (_, client) => {
    client.begin(200, {});
    client.write(LARGE.toString("latin1"));
    client.end();
  };
  const readers = await Promise.all([whole, streamed].map(reluctantReader));
  await expect.poll(() => readers.every(({ held }) => held.destroyed)).toBe(true);
});

test("an answer that is taken in the end arrives whole, and its connection stays", async () => {
  const { held, reader } = await reluctantReader(async (_, client) => client.answer(200, {}, LARGE));
  let received = 0;
  reader.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  reader.resume();
  await expect.poll(() => received).toBeGreaterThan(LARGE.length);
  await new Promise((resolve) => setTimeout(resolve, STUCK_MS * 2));
  expect(held.destroyed).toBe(false);
});
