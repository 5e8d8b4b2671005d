import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import type { Client } from "./client";
import { createSocketHandler } from "./socket-http";

const POST =
  "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** A connection whose other side takes what is written only when it is told to. */
class SlowReader extends Duplex {
  /** What it was given to wait for, in ms; 0: no longer. */
  patienceMs = 0;
  taken = "";
  private isTaking = false;
  private onTaken: (() => void) | null = null;

  setTimeout(ms: number) {
    this.patienceMs = ms;
    return this;
  }

  override _read() {
    // What is asked is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void) {
    this.taken += chunk.toString("latin1");
    if (this.isTaking) done();
    else this.onTaken = done;
  }

  takeAll() {
    this.isTaking = true;
    this.onTaken?.();
  }
}

/** A connection on which one answer has ended while its last piece, too small for a `drain` to follow it, is not out. */
async function withRest() {
  const clients: Client[] = [];
  const handler = createSocketHandler({
    async handle(_request, client) {
      clients.push(client);
    },
  });
  const reader = new SlowReader();
  handler.take(reader as unknown as Socket, () => undefined);
  reader.push(POST);
  await expect.poll(() => clients.length).toBe(1);
  clients[0]?.begin(200, {});
  clients[0]?.write("a little");
  await expect.poll(() => reader.taken).toContain("a little");
  clients[0]?.end();
  expect(reader.patienceMs).toBeGreaterThan(0);
  return { reader, clients };
}

test("whoever does not take the rest of an answer in time is let go", async () => {
  const { reader } = await withRest();
  reader.emit("timeout");
  expect(reader.destroyed).toBe(true);
});

test("a call that is quiet for long outlives the time that the answer before it had to be taken", async () => {
  const { reader, clients } = await withRest();
  reader.takeAll();
  await expect.poll(() => reader.writableLength).toBe(0);
  reader.push(POST);
  await expect.poll(() => clients.length).toBe(2);
  reader.emit("timeout");
  expect([reader.destroyed, reader.patienceMs]).toEqual([false, 0]);
  clients[1]?.answer(200, {}, Buffer.from("still here"));
  await expect.poll(() => reader.taken).toContain("still here");
  reader.destroy();
});
