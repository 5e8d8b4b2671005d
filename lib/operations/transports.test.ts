import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createOperations } from "./operations";
import { createNodeOperations, createWebOperations } from "./transports";

const operations = createOperations({
  unreadiness: async () => ["the database cannot be reached"],
  exposition: async () => ({ text: "up 1\n", contentType: "text/plain; version=0.0.4; charset=utf-8" }),
  metricsToken: undefined,
  publicUrl: "https://podpass.example.org",
  newId: () => "019a0000-0000-7000-8000-000000000000",
});

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

async function overNode(): Promise<Ask> {
  const answer = createNodeOperations(operations);
  const server = createServer((request, response) => {
    if (!answer(request, response)) response.writeHead(404).end("somebody else's");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (path, init) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
}

async function overWeb(): Promise<Ask> {
  const answer = createWebOperations(operations, () => "127.0.0.1");
  return (path, init) => answer(new Request(`http://podpass.example.org${path}`, init));
}

test.each<[string, () => Promise<Ask>]>([
  ["node:http", overNode],
  ["web", overWeb],
])("the same answers leave over %s", async (_, open) => {
  const ask = await open();
  const alive = await ask("/healthz?from=balancer");
  expect([alive.status, alive.headers.get("content-type"), await alive.json()]).toEqual([
    200,
    "application/json",
    { status: "ok" },
  ]);
  expect((await ask("/readyz")).status).toBe(503);
  const figures = await ask("/metrics");
  expect([figures.status, await figures.text()]).toEqual([200, "up 1\n"]);
  const head = await ask("/metrics", { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
  const posted = await ask("/healthz", { method: "POST", body: "x".repeat(10_000) });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const etag = (await ask("/openapi.json")).headers.get("etag") ?? "";
  const again = await ask("/openapi.json", { headers: { "if-none-match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("behind node:http every other path is left to others", async () => {
  const ask = await overNode();
  for (const path of ["/", "/healthz/", "/v1/models", "/metrics2"]) {
    expect(await (await ask(path)).text()).toBe("somebody else's");
  }
});
