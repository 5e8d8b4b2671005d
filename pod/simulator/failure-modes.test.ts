import { type IncomingMessage, request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Failure } from "./failures";
import { type Simulator, startSimulator } from "./simulator";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ keys: ["the-pods-key"], tokensPerSecond: 0, ttftMs: 0 });
});
afterEach(() => {
  simulator.control.heal();
  simulator.control.set({ tokensPerSecond: 0, ttftMs: 0 });
});
afterAll(() => simulator.close());

type Answer = { status: number; headers: IncomingMessage["headers"]; chunks: Buffer[]; text: string; cut: boolean };

/** The answer as its bytes came; `cut` when the connection broke before its end. */
function ask(body: object, { forMs, path = "/v1/chat/completions" }: { forMs?: number; path?: string } = {}) {
  const text = JSON.stringify({ messages: [{ role: "user", content: "hello" }], ...body });
  return new Promise<Answer | null>((resolve) => {
    const headers = { authorization: "Bearer the-pods-key", "content-type": "application/json" };
    const asked = request(simulator.url + path, { method: "POST", headers, agent: false });
    const timer = forMs === undefined ? undefined : setTimeout(() => asked.destroy(), forMs);
    asked.once("error", () => resolve(null));
    asked.once("response", (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.once("error", () => undefined);
      answer.once("close", () => {
        clearTimeout(timer);
        const { statusCode: status = 0, headers, complete } = answer;
        resolve({ status, headers, chunks, text: Buffer.concat(chunks).toString(), cut: !complete });
      });
    });
    asked.end(text);
  });
}

const STREAM = { stream: true, stream_options: { include_usage: true, continuous_usage_stats: true }, max_tokens: 8 };
const eventCount = (answer: Answer | null) => answer?.text.match(/^data: \{/gm)?.length ?? 0;

test.each<[Failure, number, RegExp]>([
  [{ mode: "error-500" }, 500, /^\{"error":\{"message":"Internal server error"/],
  [{ mode: "engine-dead" }, 500, /EngineCore encountered an issue/],
  [{ mode: "unauthorized" }, 401, /^\{"error":"Unauthorized"\}$/],
  [{ mode: "rate-limited" }, 429, /"code":429/],
  [{ mode: "overloaded", retryAfter: 7 }, 503, /"code":503/],
  [{ mode: "bad-gateway" }, 502, /^<!DOCTYPE html>/],
  [{ mode: "timeout-524" }, 524, /^<!DOCTYPE html>/],
  [{ mode: "leaky-error" }, 500, /0x[0-9a-f]{12}.*the-pods-key.*Traceback/s],
  [{ mode: "leaky-400" }, 400, /could not be decoded.*the-pods-key/s],
  [{ mode: "html" }, 200, /^<!DOCTYPE html>/],
  [{ mode: "empty" }, 200, /^$/],
  [{ mode: "truncated-json" }, 200, /"mess$/],
  [{ mode: "redirect" }, 307, /Redirect/],
  [{ mode: "status", status: 418, body: "teapot" }, 418, /^teapot$/],
])("$mode answers so", async (failure, status, body) => {
  simulator.control.fail({ ...failure });
  const answer = await ask({});
  expect(answer?.status).toBe(status);
  expect(answer?.text).toMatch(body);
});

test("what carries a header carries it", async () => {
  simulator.control.fail({ mode: "overloaded", retryAfter: 7, times: 1 });
  expect((await ask({}))?.headers["retry-after"]).toBe("7");
  simulator.control.fail({ mode: "redirect", location: "http://elsewhere.example/", times: 1 });
  expect((await ask({}))?.headers.location).toBe("http://elsewhere.example/");
  simulator.control.fail({ mode: "gzip", times: 1 });
  const zipped = await ask({});
  expect(zipped?.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(Buffer.concat(zipped?.chunks ?? [])).toString()).toContain("chatcmpl-gzip");
  simulator.control.fail({ mode: "leaky-headers", times: 1 }, { mode: "wrong-content-type", times: 1 });
  const leaky = (await ask({}))?.headers ?? {};
  expect(leaky["set-cookie"]?.[0]).toContain("session=");
  expect(leaky["content-type"]).toContain("text/plain");
});

test("hang accepts and never answers, and the client that gives up is booked as gone", async () => {
  simulator.control.fail({ mode: "hang" });
  expect(await ask({}, { forMs: 100 })).toBeNull();
  expect(await simulator.ledger.ended(({ status }) => status === undefined)).toMatchObject({
    outcome: "client_closed",
  });
});

test("reset closes without a byte", async () => {
  simulator.control.fail({ mode: "reset" });
  expect(await ask({})).toBeNull();
  expect(simulator.ledger.last?.outcome).toBe("cut");
});

test.each([0, 1, 4])(
  "cut breaks the connection after exactly %i events, with their tokens booked",
  async (afterEvents) => {
    simulator.control.fail({ mode: "cut", afterEvents });
    const answer = await ask(STREAM);
    expect([answer?.status, answer?.cut, eventCount(answer)]).toEqual([200, true, afterEvents]);
    // The first event is the role's.
    expect(simulator.ledger.last).toMatchObject({
      outcome: "cut",
      sentEvents: afterEvents,
      sentTokens: Math.max(0, afterEvents - 1),
    });
    expect(simulator.load().running).toBe(0);
  },
);

test("end-early ends politely without [DONE]", async () => {
  simulator.control.fail({ mode: "end-early", afterEvents: 3 });
  const answer = await ask(STREAM);
  expect([answer?.cut, eventCount(answer), answer?.text.includes("[DONE]")]).toEqual([false, 3, false]);
});

test("stream-error ends as vLLM's own errors do", async () => {
  simulator.control.fail({ mode: "stream-error", afterEvents: 2 });
  const text = (await ask(STREAM))?.text ?? "";
  const ending =
    'data: {"error": {"message": "Internal server error", "type": "InternalServerError", "param": null, "code": 500}}\n\ndata: [DONE]\n\n';
  expect(text.endsWith(ending)).toBe(true);
});

test("silence stops after its events, keeps the slot, and makes no more tokens", async () => {
  simulator.control.fail({ mode: "silence", afterEvents: 3 });
  const pending = ask(STREAM, { forMs: 300 });
  await expect.poll(() => simulator.ledger.last?.sentEvents).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(simulator.load().running).toBe(1);
  expect(simulator.ledger.last?.producedTokens).toBe(2);
  await pending;
  await expect.poll(() => simulator.load().running).toBe(0);
});

test("an endless stream goes on until the client leaves, and is counted to the end", async () => {
  simulator.control.set({ tokensPerSecond: 500 });
  simulator.control.fail({ mode: "endless" });
  const answer = await ask({ ...STREAM, max_tokens: 3 }, { forMs: 200 });
  expect(eventCount(answer)).toBeGreaterThan(30);
  const entry = await simulator.ledger.ended(({ outcome, streamed }) => outcome === "client_closed" && streamed);
  expect(entry.producedTokens).toBe(entry.sentTokens);
});

test.each<Failure>([{ mode: "split-bytes" }, { mode: "crlf" }, { mode: "comments" }, { mode: "merged-events" }])(
  "$mode changes how a stream is written, not what it says",
  async (failure) => {
    const says = (answer: Answer | null) =>
      [...(answer?.text ?? "").matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join("");
    const plain = await ask(STREAM);
    simulator.control.fail({ ...failure });
    const odd = await ask(STREAM);
    expect(says(odd)).toBe(says(plain));
    expect(odd?.text).toContain("[DONE]");
    if (failure.mode === "crlf") expect(odd?.text).toMatch(/\r\n\r\n/);
    if (failure.mode === "comments") expect(odd?.text).toMatch(/^: keep-alive$/m);
    if (failure.mode === "split-bytes") expect(odd?.chunks.length).toBeGreaterThan(500);
  },
);

test("a huge line and one that isn't JSON stand among the others", async () => {
  simulator.control.fail({ mode: "huge-line", bytes: 1_000_000 }, { mode: "garbage-event" });
  const text = (await ask(STREAM))?.text ?? "";
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeGreaterThan(1_000_000);
  expect(text).toContain('"choices":[{"ind\n');
});

test.each([
  ["negative", /"completion_tokens":-/],
  ["huge", /"prompt_tokens":1e\+300/],
  ["string", /"completion_tokens":"\d+"/],
  ["float", /"completion_tokens":\d+\.25/],
  ["null", /"completion_tokens":null/],
  ["shrinking", /"completion_tokens":99\d/],
] as const)("bad usage can be %s, streamed and whole", async (variant, pattern) => {
  simulator.control.fail({ mode: "bad-usage", variant });
  expect((await ask(STREAM))?.text).toMatch(pattern);
  expect((await ask({ max_tokens: 8 }))?.text).toMatch(pattern);
});

test("usage can be missing, or come with the last chunk alone", async () => {
  simulator.control.fail({ mode: "no-usage", times: 2 });
  expect((await ask(STREAM))?.text).not.toContain("usage");
  expect((await ask({}))?.text).not.toContain("usage");
  simulator.control.fail({ mode: "late-usage-only", times: 1 });
  expect((await ask(STREAM))?.text.match(/"usage"/g)).toHaveLength(1);
});

test("slow headers hold the first byte", async () => {
  simulator.control.fail({ mode: "slow-headers", ms: 150 });
  const startedAt = performance.now();
  await ask({});
  expect(performance.now() - startedAt).toBeGreaterThan(145);
});

test("while it loads, everything is the proxy's 502, and then it is ready", async () => {
  const loading = await startSimulator({ loadingMs: 1_500 });
  expect((await fetch(`${loading.url}/health`)).status).toBe(502);
  await expect.poll(async () => (await fetch(`${loading.url}/health`)).status).toBe(200);
  await loading.close();
});

test("when the engine dies, health is 503, work 500, and running streams end with the error and [DONE]", async () => {
  simulator.control.set({ tokensPerSecond: 50 });
  const running = ask({ ...STREAM, max_tokens: 200, ignore_eos: true });
  await expect.poll(() => simulator.load().running).toBe(1);
  simulator.control.set({ state: "dead" });
  expect((await running)?.text).toMatch(
    /data: \{"error": \{"message": "EngineCore .*"code": 500\}\}\n\ndata: \[DONE\]\n\n$/s,
  );
  expect((await fetch(`${simulator.url}/health`)).status).toBe(503);
  expect((await ask({}))?.status).toBe(500);
});

test("it can refuse connections for a while", async () => {
  await simulator.control.refuse();
  expect(await ask({})).toBeNull();
  await simulator.control.accept();
  expect((await ask({}))?.status).toBe(200);
});
