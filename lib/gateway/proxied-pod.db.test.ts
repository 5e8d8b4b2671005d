import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig, type Transport } from "@/test/rig/gateway";
import { startImpatientProxy } from "@/test/rig/impatient-proxy";

// A pod behind a proxy that gives up on a plain answer long before the pod has written it.

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";
const PATIENCE_MS = 400;
const WAITS = { idleMs: 10_000, heartbeatMs: 100, sweepMs: 25 };
/** Slow enough that a plain answer of so many tokens takes longer than the proxy waits. */
const PACE = { tokensPerSecond: 100, ttftMs: 50 };
const LONG = 80;

const messages = [{ role: "user" as const, content: "Please get weather for the river." }];
const chat = { model: MODEL, messages, max_tokens: LONG, seed: 3, ignore_eos: true };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function", function: { name: "get_weather", parameters } }];

const EXACT: Record<string, [string, Record<string, unknown>]> = {
  "two choices with log probabilities": ["/v1/chat/completions", { ...chat, n: 2, logprobs: true, top_logprobs: 2 }],
  "a tool call": ["/v1/chat/completions", { ...chat, tools, ignore_eos: false, user: "tool" }],
  completions: [
    "/v1/completions",
    { model: MODEL, prompt: ["a", "b"], max_tokens: LONG, logprobs: 1, ignore_eos: true },
  ],
  "a message": ["/v1/messages", { model: MODEL, messages, max_tokens: LONG }],
  "a response": ["/v1/responses", { model: MODEL, input: "hello", max_output_tokens: LONG }],
};

const comparable = (json: string) =>
  json
    .replace(/"(id|call_id)":"(?:resp|msg|rs|fc|call|chatcmpl|cmpl)[-_][-\w]+"/g, '"$1":""')
    .replace(/"created(_at)?":\d+/g, '"created":0');

describe.each<Transport>(["socket", "node", "web"])("a pod behind an impatient proxy, through %s", (transport) => {
  let pod: Simulator;
  let proxy: Awaited<ReturnType<typeof startImpatientProxy>>;
  let rig: Awaited<ReturnType<typeof startGatewayRig>>;
  let key: { keyId: string; secret: string };

  beforeAll(async () => {
    pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], control: true, ...PACE });
    proxy = await startImpatientProxy(pod.url, PATIENCE_MS);
    rig = await startGatewayRig(transport, proxy.url, POD_KEY, [MODEL], undefined, {}, WAITS);
    await rig.setBehindProxy(true);
  });

  beforeEach(async () => {
    key = await rig.issueKey();
  });

  afterEach(() => pod.control.heal());

  afterAll(async () => {
    await rig?.stop();
    await proxy?.close();
    await pod?.close();
  });

  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(rig.url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${key.secret}`, "content-type": "application/json" },
      signal: signal ?? null,
    });
  const directly = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${POD_KEY}`, "content-type": "application/json" };
    const answer = await fetch(pod.url + path, { method: "POST", body: JSON.stringify(body), headers });
    return answer.text();
  };
  const onlyRow = async () => {
    await expect
      .poll(async () => (await rig.rowsOf(key.keyId)).filter(({ outcome }) => outcome !== "open").length)
      .toBe(1);
    return (await rig.rowsOf(key.keyId))[0];
  };

  test("where nobody says so, its proxy gives up, and the pod may have worked for nothing", async () => {
    await rig.setBehindProxy(false);
    const answer = await post("/v1/chat/completions", chat);
    await rig.setBehindProxy(true);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([504, "30"]);
    expect((await answer.json()).error).toMatchObject({
      code: "pod_timeout",
      message: expect.stringContaining("may still be working"),
    });
    expect(await onlyRow()).toMatchObject({ outcome: "timeout", status: 504, token_source: "unknown" });
  });

  for (const [name, [path, body]] of Object.entries(EXACT)) {
    test(`a long plain answer arrives as the pod would have given it: ${name}`, async () => {
      const before = proxy.givenUp();
      const [answer, wanted] = await Promise.all([post(path, body), directly(path, body)]);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
      const got = await answer.text();
      expect(comparable(got)).toBe(comparable(wanted));
      expect(proxy.givenUp()).toBe(before);
      const { usage } = JSON.parse(got);
      expect(await onlyRow()).toMatchObject({
        outcome: "completed",
        status: 200,
        streamed: false,
        token_source: "measured",
        prompt_tokens: usage.prompt_tokens ?? usage.input_tokens,
        completion_tokens: usage.completion_tokens ?? usage.output_tokens,
      });
    });
  }

  test("the official SDKs get their plain answers", async () => {
    const openai = new OpenAI({ apiKey: key.secret, baseURL: `${rig.url}/v1`, maxRetries: 0 });
    const anthropic = new Anthropic({ apiKey: key.secret, baseURL: rig.url, maxRetries: 0 });
    const completion = await openai.chat.completions.create({ model: MODEL, messages, max_tokens: LONG });
    expect(completion.choices[0]?.message.content).not.toBe("");
    const message = await anthropic.messages.create({ model: MODEL, messages, max_tokens: LONG });
    expect([message.type, message.content[0]?.type]).toEqual(["message", "text"]);
  });

  test("a client that leaves closes the pod's request, and its row has the tokens so far", async () => {
    const left = new AbortController();
    const answer = post("/v1/chat/completions", { ...chat, max_tokens: 2_000 }, left.signal);
    await new Promise((resolve) => setTimeout(resolve, 500));
    left.abort();
    await expect(answer).rejects.toThrow();
    const row = await onlyRow();
    expect(row).toMatchObject({ outcome: "client_closed", status: null, token_source: "measured" });
    expect(row?.completion_tokens).toBeGreaterThan(0);
    const told = () => pod.ledger.find(row?.request_id ?? "");
    await expect.poll(() => told()?.outcome).toBe("client_closed");
    expect(row?.completion_tokens).toBeLessThanOrEqual(told()?.producedTokens ?? 0);
  });

  test.each(["cut", "end-early", "stream-error", "garbage-event"] as const)(
    "a pod that breaks off (%s) is 502, with the tokens so far on the row",
    async (mode) => {
      pod.control.fail({ mode, afterEvents: 6, times: 1 });
      const answer = await post("/v1/chat/completions", chat);
      expect([answer.status, (await answer.json()).error.code]).toEqual([502, "pod_error"]);
      const row = await onlyRow();
      expect(row).toMatchObject({ outcome: "upstream_error", status: 502, streamed: false, token_source: "measured" });
      expect(row?.completion_tokens).toBeGreaterThan(0);
      expect(row?.completion_tokens).toBeLessThanOrEqual(LONG);
    },
  );

  test("a pod that falls silent in mid-answer is 502, for its proxy breaks off", async () => {
    pod.control.fail({ mode: "silence", afterEvents: 6, times: 1 });
    const answer = await post("/v1/chat/completions", chat);
    expect(answer.status).toBe(502);
    expect(await onlyRow()).toMatchObject({ token_source: "measured" });
  });

  test("refusals keep their status and words", async () => {
    const refused = async (body: unknown) => {
      const answer = await post("/v1/chat/completions", body);
      return [answer.status, (await answer.json()).error.code];
    };
    expect(await refused({ ...chat, max_tokens: 999_999 })).toEqual([400, "context_length_exceeded"]);
    expect(await refused({ ...chat, temperature: 9 })).toEqual([400, "invalid_request"]);
    expect(await refused({ ...chat, stream_options: { include_usage: true } })).toEqual([400, "invalid_request"]);
  });

  test("what no stream tells goes to the pod as it is", async () => {
    const embeddings = await post("/v1/embeddings", { model: MODEL, input: "x" });
    expect([embeddings.status, (await embeddings.json()).object]).toEqual([200, "list"]);
    const echo = { model: MODEL, prompt: "a", echo: true, logprobs: 1, max_tokens: 2 };
    expect(comparable(await (await post("/v1/completions", echo)).text())).toBe(
      comparable(await directly("/v1/completions", echo)),
    );
  });
});

describe.each<Transport>(["socket", "node", "web"])("a long wait for the first token, through %s", (transport) => {
  let pod: Simulator;
  let rig: Awaited<ReturnType<typeof startGatewayRig>>;

  beforeAll(async () => {
    pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 0, ttftMs: 900 });
    rig = await startGatewayRig(transport, pod.url, POD_KEY, [MODEL], undefined, {}, WAITS);
  });

  afterAll(async () => {
    await rig?.stop();
    await pod?.close();
  });

  test("keeps a stream's connection alive with comments before any event, which count for nothing", async () => {
    const key = await rig.issueKey();
    const answer = await fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: MODEL, messages, max_tokens: 5, stream: true }),
      headers: { authorization: `Bearer ${key.secret}`, "content-type": "application/json" },
    });
    const text = await answer.text();
    const events = text.split("\n\n");
    const firstData = events.findIndex((event) => event.startsWith("data: "));
    expect(firstData).toBeGreaterThanOrEqual(3);
    expect(new Set(events.slice(0, firstData))).toEqual(new Set([": keep-alive"]));
    expect(events.slice(firstData).every((event) => event === "" || event.startsWith("data: "))).toBe(true);
    const [row] = await rig.rowsOf(key.keyId);
    expect(row).toMatchObject({ outcome: "completed", token_source: "measured", completion_tokens: 5 });
    expect(row?.ttft_ms).toBeGreaterThanOrEqual(700);
  });

  test("is nothing that the SDKs stumble over", async () => {
    const key = await rig.issueKey();
    const openai = new OpenAI({ apiKey: key.secret, baseURL: `${rig.url}/v1`, maxRetries: 0 });
    const stream = await openai.chat.completions.create({ model: MODEL, messages, max_tokens: 5, stream: true });
    let said = "";
    for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? "";
    expect(said).not.toBe("");
    const anthropic = new Anthropic({ apiKey: key.secret, baseURL: rig.url, maxRetries: 0 });
    const message = await anthropic.messages.stream({ model: MODEL, messages, max_tokens: 5 }).finalMessage();
    expect(message.usage.output_tokens).toBe(5);
  });
});
