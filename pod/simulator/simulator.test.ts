import { connect } from "node:net";
import { afterAll, afterEach, expect, test } from "vitest";
import { watchStalls } from "@/test/rig/stalls";
import type { SimulatorOptions } from "./options";
import { type Simulator, startSimulator } from "./simulator";

const running: Simulator[] = [];
const stalls = watchStalls();
afterAll(stalls.stop);

afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ keys: ["pod-key"], tokensPerSecond: 0, ttftMs: 0, ...options });
  running.push(simulator);
  return simulator;
}

const messages = [{ role: "user", content: "Tell me something calm." }];
const headers = { authorization: "Bearer pod-key", "content-type": "application/json" };

function post(simulator: Simulator, path: string, body: unknown, more: RequestInit = {}) {
  return fetch(simulator.url + path, { method: "POST", headers, body: JSON.stringify(body), ...more });
}

type Chunk = { choices: { delta: { content?: string } }[]; usage: { completion_tokens: number } };

const eventsOf = (text: string) =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? "") as Chunk);

async function metric(simulator: Simulator, name: string) {
  const text = await (await fetch(`${simulator.url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (.*)$`, "m").exec(text)?.[1]);
}

test("guarded paths refuse with vLLM's own body, and open ones answer without a key", async () => {
  const simulator = await start();
  const refused = await fetch(`${simulator.url}/v1/models`);
  expect([refused.status, await refused.text()]).toEqual([401, '{"error":"Unauthorized"}']);
  expect((await fetch(`${simulator.url}/v1/%6dodels`)).status).toBe(401);
  for (const path of ["/health", "/ping", "/version", "/load", "/metrics"]) {
    expect((await fetch(simulator.url + path)).status, path).toBe(200);
  }
  expect((await post(simulator, "/v1/chat/completions", { messages })).status).toBe(200);
});

test("a pod's keys can be changed while it runs", async () => {
  const simulator = await start();
  simulator.control.set({ keys: ["new"] });
  const status = async (key: string) =>
    (await fetch(`${simulator.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect([await status("pod-key"), await status("new")]).toEqual([401, 200]);
});

test("the same request gets the same answer, streamed, whole, or from another pod", async () => {
  const [one, other] = [await start(), await start()];
  const ask = async (simulator: Simulator) => {
    const answer = await (await post(simulator, "/v1/chat/completions", { messages })).json();
    return answer.choices[0].message.content as string;
  };
  const text = await ask(one);
  expect(await ask(other)).toBe(text);
  const streamed = eventsOf(await (await post(one, "/v1/chat/completions", { messages, stream: true })).text());
  const joined = streamed.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  expect(joined).toBe(text);
});

test("all counts agree: usage, tokenize, count_tokens, metrics and ledger", async () => {
  const simulator = await start();
  const answer = await (await post(simulator, "/v1/chat/completions", { messages })).json();
  const { usage, choices } = answer;
  const tokenized = await (await post(simulator, "/tokenize", { messages })).json();
  const counted = await (
    await post(simulator, "/v1/messages/count_tokens", { model: "simulated-llama-8b", messages })
  ).json();
  expect([tokenized.count, counted.input_tokens]).toEqual([usage.prompt_tokens, usage.prompt_tokens]);
  const written = await (await post(simulator, "/tokenize", { prompt: choices[0].message.content })).json();
  expect(usage.completion_tokens).toBe(written.count + 1); // the end is a token too
  const entry = simulator.ledger.entries[0];
  expect(entry).toMatchObject({
    promptTokens: usage.prompt_tokens,
    producedTokens: usage.completion_tokens,
    sentTokens: usage.completion_tokens,
  });
  expect(await metric(simulator, "vllm:prompt_tokens_total")).toBe(usage.prompt_tokens);
  expect(await metric(simulator, "vllm:generation_tokens_total")).toBe(usage.completion_tokens);
});

test("running usage counts up on every chunk and ends at the total", async () => {
  const simulator = await start();
  const stream_options = { include_usage: true, continuous_usage_stats: true };
  const text = await (await post(simulator, "/v1/chat/completions", { messages, stream: true, stream_options })).text();
  const counts = eventsOf(text).map(({ usage }) => usage.completion_tokens);
  expect(counts.slice(0, -1)).toEqual(counts.slice(0, -1).map((_, at) => at));
  expect(counts.at(-1)).toBe(counts.at(-2));
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("a client that leaves frees its slot at once, streamed or not, running or waiting", async () => {
  const simulator = await start({ tokensPerSecond: 20, ttftMs: 1, maxRunning: 2 });
  const leave = new AbortController();
  const ask = (stream: boolean) =>
    post(
      simulator,
      "/v1/chat/completions",
      { messages, stream, ignore_eos: true, max_tokens: 500 },
      { signal: leave.signal },
    ).catch(() => null);
  const asked = [ask(true), ask(false), ask(true)];
  await expect.poll(() => simulator.load()).toEqual({ running: 2, waiting: 1 });
  await expect.poll(() => simulator.ledger.entries[0]?.sentTokens).toBeGreaterThan(2);
  leave.abort();
  await Promise.all(asked);
  await expect.poll(() => simulator.load(), { interval: 5 }).toEqual({ running: 0, waiting: 0 });
  expect(simulator.ledger.entries.map(({ outcome }) => outcome)).toEqual(Array(3).fill("client_closed"));
  const produced = simulator.ledger.entries.reduce((sum, entry) => sum + entry.producedTokens, 0);
  expect(await metric(simulator, "vllm:generation_tokens_total")).toBe(produced);
  expect(await metric(simulator, "vllm:prompt_tokens_total")).toBe(
    2 * (simulator.ledger.entries[0]?.promptTokens ?? 0),
  );
});

test("requests beyond the capacity wait their turn, and beyond the queue are turned away", async () => {
  const simulator = await start({ tokensPerSecond: 8, maxRunning: 1, maxWaiting: 1 });
  const ask = () => post(simulator, "/v1/completions", { prompt: "hi", max_tokens: 20, ignore_eos: true });
  const first = ask();
  await expect.poll(() => simulator.load().running, { interval: 5 }).toBe(1);
  const second = ask();
  await expect.poll(() => simulator.load().waiting, { interval: 5 }).toBe(1);
  const third = await ask();
  expect([third.status, (await third.json()).error.code]).toEqual([503, 503]);
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
});

test("the pace is the one asked for", async () => {
  const simulator = await start({ tokensPerSecond: 100, ttftMs: 100, jitter: 0 });
  const startedAt = performance.now();
  await (await post(simulator, "/v1/completions", { prompt: "hi", max_tokens: 21, ignore_eos: true })).text();
  expect(performance.now() - startedAt).toBeGreaterThan(290);
  expect(stalls.awakeMs(startedAt)).toBeLessThan(600);
});

test("a stream's status goes out before its first token", async () => {
  const simulator = await start({ ttftMs: 300, jitter: 0 });
  const startedAt = performance.now();
  const answer = await post(simulator, "/v1/chat/completions", { messages, stream: true });
  expect(stalls.awakeMs(startedAt)).toBeLessThan(250);
  await answer.text();
  expect(performance.now() - startedAt).toBeGreaterThan(290);
});

test("stop strings cut the text, and the tokens up to them count", async () => {
  const simulator = await start();
  const whole = await (await post(simulator, "/v1/chat/completions", { messages })).json();
  const text = whole.choices[0].message.content as string;
  const stop = text.slice(20, 26);
  const cut = (await (await post(simulator, "/v1/chat/completions", { messages, stop })).json()).choices[0];
  expect(cut).toMatchObject({
    finish_reason: "stop",
    stop_reason: stop,
    message: { content: text.slice(0, text.indexOf(stop)) },
  });
});

test("several choices differ, and their tokens add up", async () => {
  const simulator = await start();
  const { choices, usage } = await (
    await post(simulator, "/v1/completions", { prompt: ["a", "b"], n: 2, max_tokens: 5 })
  ).json();
  expect(choices.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3]);
  expect(usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 20, total_tokens: 22 });
});

test("a structured output fits its schema", async () => {
  const simulator = await start();
  const schema = {
    type: "object",
    properties: { city: { enum: ["Patan"] }, days: { type: "integer", minimum: 2 } },
    required: ["city", "days"],
  };
  const response_format = { type: "json_schema", json_schema: { name: "trip", schema } };
  const answer = await (await post(simulator, "/v1/chat/completions", { messages, response_format })).json();
  expect(JSON.parse(answer.choices[0].message.content)).toEqual({ city: "Patan", days: 2 });
});

test("a reasoning model thinks apart and its thoughts are counted", async () => {
  const simulator = await start({ reasoning: true });
  const answer = await (await post(simulator, "/v1/chat/completions", { messages })).json();
  expect(answer.choices[0].message.reasoning).toMatch(/\.$/);
  expect(answer.usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(5);
});

test("a prompt seen before is cached, in whole blocks", async () => {
  const simulator = await start({ promptTokensDetails: true });
  const long = {
    messages: [{ role: "user", content: "The same long beginning of a prompt. ".repeat(20) }],
    max_tokens: 3,
  };
  const cached = async () =>
    (await (await post(simulator, "/v1/chat/completions", long)).json()).usage.prompt_tokens_details
      .cached_tokens as number;
  expect(await cached()).toBe(0);
  const second = await cached();
  expect(second).toBeGreaterThan(100);
  expect(second % 16).toBe(0);
});

test("a form with a sound becomes a text", async () => {
  const simulator = await start();
  const form = new FormData();
  form.set("file", new File([new Uint8Array(40_000)], "voice.wav"));
  form.set("model", "simulated-llama-8b");
  const answer = await fetch(`${simulator.url}/v1/audio/transcriptions`, {
    method: "POST",
    headers: { authorization: "Bearer pod-key" },
    body: form,
  });
  expect(await answer.json()).toMatchObject({
    text: expect.stringMatching(/\.$/),
    usage: { type: "duration", seconds: 3 },
  });
});

test("pooling routes answer vectors, orders and scores", async () => {
  const simulator = await start();
  const { data } = await (await post(simulator, "/v1/embeddings", { input: ["a", "b"], dimensions: 8 })).json();
  expect(data.map(({ embedding }: { embedding: number[] }) => embedding.length)).toEqual([8, 8]);
  const ranked = await (
    await post(simulator, "/v1/rerank", { query: "red fox", documents: ["a blue sky", "the red fox"] })
  ).json();
  expect(ranked.results[0].index).toBe(1);
  const scored = await (await post(simulator, "/v1/score", { text_1: "red", text_2: ["red", "blue"] })).json();
  expect(scored.data[0].score).toBeGreaterThan(scored.data[1].score);
});

test("control and ledger answer over HTTP only where they are asked for", async () => {
  const closed = await start();
  expect((await post(closed, "/_sim/control", {})).status).toBe(404);
  const open = await start({ control: true });
  const settings = await (
    await post(open, "/_sim/control", { set: { tokensPerSecond: 7 }, fail: [{ mode: "error-500" }] })
  ).json();
  expect(settings).toMatchObject({ tokensPerSecond: 7, failures: [{ mode: "error-500" }] });
  await fetch(`${open.url}/v1/completions`, {
    method: "POST",
    headers: { ...headers, "x-request-id": "r-1" },
    body: "{}",
  });
  const ledger = await (await fetch(`${open.url}/_sim/ledger?requestId=r-1`)).json();
  expect(ledger.entries).toMatchObject([
    { requestId: "r-1", path: "/v1/completions", status: 500, outcome: "refused", bodyBytes: 2 },
  ]);
});

test("the ledger stays bounded and keeps the newest", async () => {
  const simulator = await start({ ledgerSize: 3 });
  for (let at = 0; at < 10; at += 1) await (await fetch(`${simulator.url}/health?${at}`)).text();
  expect(simulator.ledger.entries.map(({ path }) => path)).toEqual(["/health?7", "/health?8", "/health?9"]);
  expect(simulator.ledger.totalRequests).toBe(10);
});

test("a body that was never finished is a client that left", async () => {
  const simulator = await start();
  const socket = connect(simulator.port, "127.0.0.1");
  socket.write(
    "POST /v1/completions HTTP/1.1\r\nhost: pod\r\nauthorization: Bearer pod-key\r\ncontent-length: 50\r\n\r\nhalf",
  );
  await expect.poll(() => simulator.ledger.last?.bodyBytes).toBe(4);
  socket.destroy();
  expect(await simulator.ledger.ended(() => true)).toMatchObject({ outcome: "client_closed", status: undefined });
});
