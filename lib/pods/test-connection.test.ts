import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lookAtPod, testPodConnection } from "./test-connection";

// Longer than any deadline used here: which of the two ends first must not depend on the machine.
vi.setConfig({ testTimeout: 30_000 });

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server) {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Answer = { status: number; body?: string; headers?: Record<string, string> };
const MODELS = { status: 200, body: JSON.stringify({ object: "list", data: [{ id: "llama" }, { id: "qwen" }] }) };

/** A pod that answers `/health` and `/v1/models` as told, and notes what it was asked. */
async function pod(health: Answer, models: Answer) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = [];
  const answer: RequestListener = (request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    const { status, body = "", headers = {} } = request.url?.endsWith("/health") ? health : models;
    response.writeHead(status, headers).end(body);
  };
  return { asked, baseUrl: await listen(createServer(answer)) };
}

/** Where nothing listens any more. */
async function closedAddress() {
  const server = createTcpServer();
  const baseUrl = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return baseUrl;
}

const ask = (baseUrl: string, apiKey: string | null = "pod-key", deadlineMs = 10_000) =>
  testPodConnection({ baseUrl, apiKey }, { deadlineMs });

test("a pod that serves names its models", async () => {
  const { asked, baseUrl } = await pod({ status: 200 }, MODELS);
  const found = await ask(baseUrl);
  expect(found).toEqual({ ok: true, models: ["llama", "qwen"], roundTripMs: expect.any(Number) });
  expect(asked).toEqual([
    { url: "/health", authorization: "Bearer pod-key" },
    { url: "/v1/models", authorization: "Bearer pod-key" },
  ]);
});

test("a pod without a key gets no credential", async () => {
  const { asked, baseUrl } = await pod({ status: 200 }, MODELS);
  expect(await ask(baseUrl, null)).toMatchObject({ ok: true });
  expect(asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
});

describe("a pod that does not serve says why:", () => {
  const ok = { status: 200 };
  const html = { status: 200, body: "<html>", headers: { "content-type": "text/html" } };
  test.each([
    ["wrong_key", ok, { status: 401, body: '{"error":"Unauthorized"}' }],
    ["loading", { status: 502 }, MODELS],
    ["loading", ok, { status: 502 }],
    ["proxy_limit", { status: 524 }, MODELS],
    ["engine_dead", { status: 503 }, MODELS],
    ["redirected", { status: 301, headers: { location: "https://elsewhere.example" } }, MODELS],
    ["redirected", ok, { status: 302, headers: { location: "http://169.254.169.254" } }],
    ["not_vllm", html, html],
    ["not_vllm", { status: 404 }, { status: 404 }],
    ["not_vllm", ok, { status: 200, body: '{"data":"none"}' }],
    ["not_vllm", ok, { status: 200, body: "null" }],
    ["not_vllm", ok, { status: 200, body: `{"data":[],"pad":"${"x".repeat(300_000)}"}` }],
    ["not_vllm", ok, { status: 500, body: "Traceback" }],
  ])("%s", async (reason, health, models) => {
    const { baseUrl } = await pod(health, models);
    const found = await ask(baseUrl);
    expect(found).toEqual({ ok: false, reason, sentence: expect.any(String), nextStep: expect.any(String) });
    expect(JSON.stringify(found)).not.toMatch(/pod-key|Traceback|elsewhere|Unauthorized/);
  });

  test("key_missing", async () => {
    const { baseUrl } = await pod(ok, { status: 401 });
    expect(await ask(baseUrl, null)).toMatchObject({ reason: "key_missing" });
  });

  test("refused_here, where the address is the machine's own loopback", async () => {
    expect(await ask(await closedAddress())).toMatchObject({ reason: "refused_here" });
  });

  const ownAddress = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

  test.skipIf(ownAddress === undefined)("bound_to_loopback and refused, at the machine's outer address", async () => {
    const outer = (baseUrl: string) => baseUrl.replace("127.0.0.1", ownAddress ?? "");
    const { baseUrl } = await pod(ok, MODELS);
    expect(await ask(outer(baseUrl))).toMatchObject({ reason: "bound_to_loopback" });
    expect(await ask(outer(await closedAddress()))).toMatchObject({ reason: "refused" });
  });

  test("name_not_found", async () => {
    expect(await ask("http://pod.invalid:8000")).toMatchObject({ reason: "name_not_found" });
  });

  test("timeout, whether nothing comes or a body never ends", async () => {
    const silent = await listen(createTcpServer(() => undefined));
    expect(await ask(silent, null, 300)).toMatchObject({ reason: "timeout" });
    const dripping = await listen(createServer((_, response) => void response.writeHead(200).write("{")));
    expect(await ask(dripping, null, 300)).toMatchObject({ reason: "timeout" });
  });

  test("tls", async () => {
    const { baseUrl } = await pod(ok, MODELS);
    expect(await ask(baseUrl.replace("http:", "https:"))).toMatchObject({ reason: "tls" });
  });

  test("broken", async () => {
    const baseUrl = await listen(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
    expect(await ask(baseUrl)).toMatchObject({ reason: "broken" });
  });

  test("not_vllm, where another protocol answers", async () => {
    const baseUrl = await listen(
      createTcpServer((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.2\r\n"))),
    );
    expect(await ask(baseUrl)).toMatchObject({ reason: "not_vllm" });
  });

  test("forbidden_address, without a connection", async () => {
    expect(await ask("http://169.254.169.254")).toMatchObject({ reason: "forbidden_address" });
  });
});

test("while a key is being changed, a pod that takes only the one before serves, and the answer says so", async () => {
  const server = createServer((request, response) => {
    const isOpen = request.url === "/health" || request.headers.authorization === "Bearer before";
    response.writeHead(isOpen ? 200 : 401).end(request.url === "/health" ? "" : MODELS.body);
  });
  const target = { baseUrl: await listen(server), apiKey: "present" };
  expect(await testPodConnection({ ...target, previousKey: "before" })).toMatchObject({
    ok: true,
    takesKeyBefore: true,
  });
  expect(await testPodConnection({ ...target, previousKey: "neither" })).toMatchObject({ reason: "wrong_key" });
  expect(await testPodConnection(target)).toMatchObject({ reason: "wrong_key" });
});

test("a look brings the load that the pod's metrics tell, and does without where they tell none", async () => {
  const metrics = 'vllm:num_requests_running{engine="0"} 3.0\nvllm:num_requests_waiting{engine="0"} 2.0\n';
  const server = createServer((request, response) => {
    response.end(request.url === "/metrics" ? metrics : request.url === "/health" ? "" : MODELS.body);
  });
  const { gauges, found } = await lookAtPod({ baseUrl: await listen(server), apiKey: null }, 5_000);
  expect([found.ok, gauges]).toEqual([true, { running: 3, waiting: 2, kvCacheUsage: null, generatedTokens: null }]);
  const { baseUrl } = await pod({ status: 200 }, MODELS);
  expect(await lookAtPod({ baseUrl, apiKey: null }, 5_000)).toMatchObject({ found: { ok: true }, gauges: null });
});

test("odd names of models are left out", async () => {
  const data = [{ id: "llama" }, { id: 7 }, null, { id: "x".repeat(201) }, { id: "llama" }, "qwen"];
  const { baseUrl } = await pod({ status: 200 }, { status: 200, body: JSON.stringify({ data }) });
  expect(await ask(baseUrl)).toMatchObject({ models: ["llama"] });
});
