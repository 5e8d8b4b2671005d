import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { guardedLookup } from "@/lib/pods/addresses";
import type { BrokenExchange } from "./connection";
import { type Connections, createConnections } from "./connections";
import { askForWhole } from "./whole-answer";

let server: Server | null = null;
let connections: Connections | null = null;

afterEach(async () => {
  connections?.destroy();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

/** A pod of which the test writes every byte: what it says to each request, by connection and number. */
async function podThat(answer: (socket: Socket, request: string, nth: number) => void, times = {}) {
  let opened = 0;
  server = createServer((socket) => {
    opened += 1;
    let nth = 0;
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => answer(socket, bytes.toString("latin1"), nth++));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = createConnections(origin, { lookup: guardedLookup, ...times });
  connections = made;
  const ask = (body: Buffer | null = null, firstByteMs = 2_000, idleMs = 2_000) =>
    askForWhole(made, { head: "POST / HTTP/1.1\r\nhost: a\r\n", body, firstByteMs, idleMs }, 10_000_000);
  return { ask, opened: () => opened, size: made.size };
}

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => expect.unreachable(),
    (error: BrokenExchange) => [error.code, error.isUntouched],
  );

test("requests that follow each other share a connection, those side by side have their own", async () => {
  const pod = await podThat((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  for (let i = 0; i < 3; i += 1) expect((await pod.ask()).body.toString()).toBe("ok");
  expect(pod.opened()).toBe(1);
  await Promise.all([pod.ask(), pod.ask(), pod.ask()]);
  expect(pod.opened()).toBe(3);
  expect(pod.size()).toEqual({ open: 3, free: 3 });
});

test.each([256, 3 * 1024 * 1024])("a body of %i bytes arrives as it is, and comes back as it is", async (size) => {
  let heard = "";
  const pod = await podThat((socket, bytes) => {
    heard += bytes;
    const bodyAt = heard.indexOf("\r\n\r\n") + 4;
    if (heard.length - bodyAt < size) return;
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
    socket.write(Buffer.from(heard.slice(bodyAt), "latin1"));
  });
  const body = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
  expect((await pod.ask(body)).body.equals(body)).toBe(true);
});

test("interim answers are passed over, a split head is put together", async () => {
  const pod = await podThat((socket) => {
    socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Pro");
    setTimeout(() => socket.write("cessing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-len"), 10);
    setTimeout(() => socket.write("gth: 2\r\n\r\no"), 20);
    setTimeout(() => socket.write("k"), 30);
  });
  expect(await pod.ask()).toMatchObject({ status: 200, body: Buffer.from("ok") });
});

test("an answer may end with its connection", async () => {
  const pod = await podThat((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"));
  expect((await pod.ask()).body.toString()).toBe("all of it");
  expect(pod.size().free).toBe(0);
});

test("bytes beyond an answer end the connection: they could pass for the next answer", async () => {
  const pod = await podThat((socket) =>
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"),
  );
  expect((await pod.ask()).body.toString()).toBe("ok");
  expect((await pod.ask()).body.toString()).toBe("ok");
  expect(pod.opened()).toBe(2);
});

test("words on an idle connection end it", async () => {
  const pod = await podThat((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    setTimeout(() => socket.write("HTTP/1.1 408 Too late\r\ncontent-length: 0\r\n\r\n"), 10);
  });
  await pod.ask();
  await expect.poll(() => pod.size().open).toBe(0);
});

test("a pod that is not there was never touched; one that breaks off may have begun", async () => {
  const nobody = createConnections("http://127.0.0.1:1", { lookup: guardedLookup });
  expect(
    await failure(askForWhole(nobody, { head: "GET / HTTP/1.1\r\n", body: null, firstByteMs: 500, idleMs: 500 }, 1)),
  ).toEqual(["ECONNREFUSED", true]);
  const pod = await podThat((socket) => socket.destroy());
  expect((await failure(pod.ask()))?.[1]).toBe(false);
});

test("half an answer is none", async () => {
  const pod = await podThat((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok"));
  expect(await failure(pod.ask())).toEqual(["POD_BROKE_OFF", false]);
});

test("silence before and within an answer ends it", async () => {
  const silent = await podThat(() => undefined);
  expect(await failure(silent.ask(null, 150))).toEqual(["POD_SILENT", false]);
  server?.close();
  const halting = await podThat((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok"));
  expect(await failure(halting.ask(null, 2_000, 150))).toEqual(["POD_SILENT", false]);
});

test("an idle connection is given up before the pod's time is up", async () => {
  const pod = await podThat((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), {
    idleMs: 200,
  });
  await pod.ask();
  await expect.poll(() => pod.size().open).toBe(0);
});

test("a connection that the pod has closed is not used again", async () => {
  const pod = await podThat((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  await pod.ask();
  await expect.poll(() => pod.size().open).toBe(0);
  expect((await pod.ask()).status).toBe(200);
});

test("an answer larger than asked for ends", async () => {
  const pod = await podThat((socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(100)}`));
  const made = connections;
  if (made === null) return expect.unreachable();
  const asked = askForWhole(made, { head: "GET / HTTP/1.1\r\n", body: null, firstByteMs: 500, idleMs: 500 }, 10);
  expect((await failure(asked))?.[0]).toBe("POD_BAD_ANSWER");
  await expect.poll(() => pod.size().open).toBe(0);
});
