import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createSocketHandler, type SocketHandlerOptions } from "./socket-http";

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A listener with these calls' answers; `accepted` is its side of the first connection. */
async function listen(handle: SocketHandlerOptions["handle"]) {
  const handler = createSocketHandler({ handle });
  const server = createServer((socket) => handler.take(socket, () => socket.destroy())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection").then(([socket]) => socket as Socket);
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(near, "connect");
  ending.push(() => {
    near.destroy();
    handler.closeAll();
    server.close();
  });
  return { near, accepted };
}

const POST =
  "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** Reads until this text has come. */
async function until(near: Socket, text: string) {
  let read = "";
  while (!read.includes(text)) read += String((await once(near, "data"))[0]);
  return read;
}

test("a call that is quiet for long outlives the time that an answer's slow reader had", {
  timeout: 30_000,
}, async () => {
  let far: Socket | undefined;
  let calls = 0;
  const { near, accepted } = await listen(async (_request, client) => {
    calls += 1;
    if (calls === 1) {
      client.begin(200, {});
      // Small pieces, until the kernel takes no more: what is left is too little for a `drain` to follow it.
      while (far?.writableLength === 0) {
        client.write("x".repeat(4_000));
        await nextTurn();
      }
      client.end();
    } else {
      far?.emit("timeout");
      client.answer(200, {}, Buffer.from("still here"));
    }
  });
  far = await accepted;
  near.pause();
  near.write(POST);
  await expect.poll(() => far?.timeout, { timeout: 10_000 }).toBeGreaterThan(0);
  near.resume();
  await until(near, "0\r\n\r\n");
  expect(far.writableLength).toBe(0);
  near.write(POST);
  expect(await until(near, "still here")).toMatch(/^HTTP\/1.1 200/);
});

test("whoever does not take the rest of an answer in time is let go", async () => {
  let far: Socket | undefined;
  const { near, accepted } = await listen(async (_request, client) => {
    client.begin(200, {});
    while (far?.writableLength === 0) {
      client.write("x".repeat(4_000));
      await nextTurn();
    }
    client.end();
  });
  far = await accepted;
  near.pause();
  near.write(POST);
  await expect.poll(() => far?.timeout, { timeout: 10_000 }).toBeGreaterThan(0);
  far.emit("timeout");
  expect(far.destroyed).toBe(true);
});
