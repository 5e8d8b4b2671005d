import { request as ask, createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { createHandOver } from "./hand-over";

async function listen(listener: RequestListener) {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

type FrontOptions = { publicUrl?: URL; maxBodyBytes?: number; beforeAnswer?: () => Promise<void> };

/** A front that hands everything over to `page`. */
async function front(page: RequestListener | null, options: FrontOptions = {}) {
  const pagePort = page === null ? null : await listen(page);
  const { handOver, close } = createHandOver({
    port: () => pagePort,
    internalToken: "token",
    publicUrl: options.publicUrl ?? null,
    maxBodyBytes: options.maxBodyBytes,
    beforeAnswer: options.beforeAnswer,
  });
  onTestFinished(close);
  return listen(handOver);
}

type Asked = { method?: string; headers?: Record<string, string>; body?: string };

function call(port: number, { method = "GET", headers = {}, body }: Asked = {}) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = ask({ host: "127.0.0.1", port, path: "/keys?a=1", method, headers, agent: false }, resolve);
    request.once("error", reject);
    request.end(body);
  });
}

test("a page sees the true peer, never one that a client names, and no header meant for Next alone", async () => {
  let seen: IncomingMessage | undefined;
  const port = await front((request, response) => {
    seen = request;
    response.end();
  });
  const forged = { "x-podpass-peer": "token 192.0.2.1", "x-middleware-subrequest": "a", "x-forwarded-host": "evil" };
  await call(port, { headers: { ...forged, host: "podpass.example.com", cookie: "a=b" } });
  expect(seen?.headers).toMatchObject({
    "x-podpass-peer": "token 127.0.0.1",
    host: "podpass.example.com",
    cookie: "a=b",
  });
  expect(seen?.headers).not.toHaveProperty("x-middleware-subrequest");
  expect(seen?.headers).not.toHaveProperty("x-forwarded-host");
});

test("behind a proxy that rewrites Host, pages learn the address people use", async () => {
  let seen: IncomingMessage | undefined;
  const publicUrl = new URL("https://podpass.example.com");
  const page: RequestListener = (request, response) => {
    seen = request;
    response.end();
  };
  await call(await front(page, { publicUrl }), { headers: { host: "10.0.0.7" } });
  expect(seen?.headers).toMatchObject({ "x-forwarded-host": "podpass.example.com", "x-forwarded-proto": "https" });
});

test("status, both cookies and the body come back; a form's body goes over", async () => {
  const port = await front(async (request, response) => {
    response.writeHead(
      303,
      [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["location", "/keys"],
      ].flat(),
    );
    response.end(`${request.method} ${request.url} ${await text(request)}`);
  });
  const answer = await call(port, { method: "POST", body: "name=laptop" });
  expect([answer.statusCode, answer.headers["set-cookie"]]).toEqual([303, ["a=1", "b=2"]]);
  expect(await text(answer)).toBe("POST /keys?a=1 name=laptop");
});

test.each([
  ["a length", { "content-length": "40" }],
  ["chunks", { "transfer-encoding": "chunked" }],
])("a body over the limit, announced by %s, is 413", async (_, headers) => {
  const port = await front((request, response) => request.resume().once("end", () => response.end()), {
    maxBodyBytes: 20,
  });
  const answer = await call(port, { method: "POST", headers, body: "a".repeat(40) });
  expect([answer.statusCode, JSON.parse(await text(answer)).error.code]).toEqual([413, "request_too_large"]);
});

test("a client that leaves ends the page's work", async () => {
  const ended = vi.fn();
  const port = await front((_request, response) => {
    response.once("close", ended);
    response.write("first");
  });
  const answer = await call(port);
  answer.once("data", () => answer.destroy());
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce(), 30_000);
});

test("events leave as they come", async () => {
  let goOn: () => void = () => undefined;
  const port = await front((_request, response) => {
    response.write("one");
    goOn = () => response.end("two");
  });
  const answer = await call(port);
  const first = await new Promise((resolve) => answer.once("data", (chunk: Buffer) => resolve(chunk.toString())));
  expect(first).toBe("one");
  goOn();
  expect(await text(answer)).toBe("two");
});

test("while the dashboard is away a browser gets a page that reloads itself, a program JSON", async () => {
  const port = await front(null);
  const page = await call(port, { headers: { accept: "text/html" } });
  expect([page.statusCode, await text(page)]).toEqual([503, expect.stringContaining('http-equiv="refresh"')]);
  const answer = await call(port);
  expect([answer.statusCode, JSON.parse(await text(answer)).error.code]).toEqual([503, "shutting_down"]);
});

test("a page that breaks off is broken off, never completed", async () => {
  const port = await front((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  await expect(call(port).then(text)).rejects.toThrow();
});

test("a form's answer waits until what it changed is in force; a page's does not, nor for ever", async () => {
  const beforeAnswer = vi.fn(() => new Promise<void>(() => undefined));
  const port = await front((_request, response) => response.end("done"), { beforeAnswer });
  expect(await text(await call(port))).toBe("done");
  expect(beforeAnswer).not.toHaveBeenCalled();
  const startedAt = performance.now();
  expect(await text(await call(port, { method: "POST", body: "a=b" }))).toBe("done");
  expect(beforeAnswer).toHaveBeenCalledOnce();
  expect(performance.now() - startedAt).toBeGreaterThan(450);
});
