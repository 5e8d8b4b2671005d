import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { type AssembledCall, assembledCall } from "./assembled-call";
import { AssembledStream } from "./assembled-stream";
import type { Call } from "./check";
import { readerFor } from "./forward";
import { ROUTES } from "./routes";

const MODEL = "simulated-llama-8b";
const messages = [{ role: "user", content: "Say something about rivers and the get weather tool." }];
const chat = { model: MODEL, messages, max_tokens: 30, seed: 7 };
const text = { model: MODEL, prompt: "Once upon a time", max_tokens: 20, seed: 7 };
const message = { model: MODEL, messages, max_tokens: 30 };
const response = { model: MODEL, input: "Say something about rivers.", max_output_tokens: 30 };
const parameters = {
  type: "object",
  properties: { city: { type: "string" }, unit: { enum: ["celsius"] } },
  required: ["city", "unit"],
};
const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
const messageTools = [{ name: "get_weather", input_schema: parameters }];

const CHAT = "/v1/chat/completions";
const TEXT = "/v1/completions";

/** Requests whose answers must be the same byte for byte, asked for as a stream or not. */
const EXACT: Record<string, [string, Record<string, unknown>]> = {
  "a chat": [CHAT, chat],
  "three choices": [CHAT, { ...chat, n: 3 }],
  "a stop": [CHAT, { ...chat, stop: ["a"] }],
  "log probabilities": [CHAT, { ...chat, logprobs: true, top_logprobs: 4 }],
  "log probabilities alone, of two choices": [CHAT, { ...chat, logprobs: true, n: 2 }],
  "a named tool": [CHAT, { ...chat, tools, tool_choice: { type: "function", function: { name: "get_weather" } } }],
  "a required tool": [CHAT, { ...chat, tools, tool_choice: "required", max_tokens: 200 }],
  "a tool of the model's choice": [CHAT, { ...chat, tools, max_tokens: 200 }],
  "a tool twice": [CHAT, { ...chat, tools, max_tokens: 200, n: 2 }],
  "no tool": [CHAT, { ...chat, tools, tool_choice: "none" }],
  "thoughts switched off": [CHAT, { ...chat, chat_template_kwargs: { enable_thinking: false } }],
  "a completion": [TEXT, text],
  "a completion with log probabilities": [TEXT, { ...text, logprobs: 3 }],
  "two completions of two prompts": [TEXT, { ...text, prompt: ["one", "and another"], n: 2, logprobs: 1 }],
  "an echo": [TEXT, { ...text, echo: true }],
  "an echo of a list": [TEXT, { ...text, echo: true, prompt: ["one", "and another"] }],
  "token ids for a prompt": [TEXT, { ...text, prompt: [10, 20, 30] }],
  "a message": ["/v1/messages", message],
  "a message that stops": ["/v1/messages", { ...message, stop_sequences: ["a"] }],
  "a message with a tool": ["/v1/messages", { ...message, tools: messageTools, max_tokens: 200 }],
  "a response": ["/v1/responses", response],
};

/** Requests whose answers no stream tells whole. */
const AS_THEY_ARE: [string, Record<string, unknown>][] = [
  [CHAT, { ...chat, stream: true }],
  [CHAT, { ...chat, echo: true }],
  [CHAT, { ...chat, prompt_logprobs: 0 }],
  [CHAT, { ...chat, stream_options: { include_usage: true } }],
  [TEXT, { ...text, echo: true, logprobs: 1 }],
  [TEXT, { ...text, prompt_logprobs: 1 }],
  [TEXT, { ...text, best_of: 2 }],
  ["/v1/responses", { ...response, background: true }],
  ["/v1/embeddings", { model: MODEL, input: "x" }],
  ["/v1/rerank", { model: MODEL, query: "x", documents: ["y"] }],
  ["/tokenize", { model: MODEL, prompt: "x" }],
];

let plain: Simulator;
let thinking: Simulator;

beforeAll(async () => {
  const options = { models: [MODEL], tokensPerSecond: 0, ttftMs: 0, promptTokensDetails: false };
  plain = await startSimulator(options);
  thinking = await startSimulator({ ...options, reasoning: true });
});

afterAll(async () => {
  await plain?.close();
  await thinking?.close();
});

function callFor(path: string, body: Record<string, unknown>): Call {
  const route = ROUTES.find((known) => known.path === path);
  if (route === undefined) throw new Error(path);
  return {
    route,
    model: MODEL,
    contentType: "application/json",
    isStreamed: body.stream === true,
    wish: { include: false, continuous: false },
    body: Buffer.from(JSON.stringify(body)),
    needs: [],
    promptEstimate: 1,
    outputEstimate: 1,
    choicesPerPrompt: typeof body.n === "number" ? body.n : 1,
  };
}

async function ask(pod: Simulator, path: string, body: Buffer) {
  const headers = { "content-type": "application/json", "x-request-id": "the-same" };
  const answer = await fetch(pod.url + path, { method: "POST", headers, body: new Uint8Array(body) });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

const asked = (path: string, body: Record<string, unknown>): [Call, AssembledCall] => {
  const call = callFor(path, body);
  const assembled = assembledCall(call);
  if (assembled === null) throw new Error("goes as it is");
  return [call, assembled];
};

/** The whole answer from a stream that arrives in pieces of these sizes, again and again. */
function assemble(path: string, body: Record<string, unknown>, stream: Buffer, sizes: readonly number[], most = 1e9) {
  const [call, { assembler }] = asked(path, body);
  const assembled = new AssembledStream(readerFor(call), assembler, most);
  let from = 0;
  for (let i = 0; from < stream.length; i += 1) {
    const to = from + (sizes[i % sizes.length] ?? 1);
    // Bytes are the sender's again after each call.
    const chunk = Buffer.from(stream.subarray(from, to));
    const refusal = assembled.push(chunk);
    if (refusal !== null) return { answer: null, refusal, tokens: assembled.reader.tokens() };
    chunk.fill(0);
    from = to;
  }
  const finished = assembled.finish();
  const tokens = assembled.reader.tokens();
  return finished instanceof AppError
    ? { answer: null, refusal: finished, tokens }
    : { answer: finished.toString(), refusal: null, tokens };
}

/** Without what no two answers share. */
const comparable = (json: string) =>
  json
    .replace(/"(id|call_id)":"(?:resp|msg|rs|fc|call|chatcmpl-tool)[-_]\w+"/g, '"$1":""')
    .replace(/"created(_at)?":\d+/g, '"created":0');

for (const [name, [path, body]] of Object.entries(EXACT)) {
  test.each(["plain", "thinking"])(`${name} is put together byte for byte (%s)`, async (kind) => {
    const pod = kind === "plain" ? plain : thinking;
    const [call, assembled] = asked(path, body);
    const whole = await ask(pod, path, call.body);
    const stream = await ask(pod, path, assembled.body);
    const wanted = comparable(whole.toString());
    expect(comparable(assemble(path, body, stream, [stream.length]).answer ?? "")).toBe(wanted);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        expect(comparable(assemble(path, body, stream, sizes).answer ?? "")).toBe(wanted);
      }),
      { numRuns: 15 },
    );
    const usage = JSON.parse(whole.toString()).usage;
    const { prompt, completion, source } = assemble(path, body, stream, [977]).tokens;
    expect({ prompt, completion, source }).toEqual({
      prompt: usage.prompt_tokens ?? usage.input_tokens,
      completion: usage.completion_tokens ?? usage.output_tokens,
      source: "measured",
    });
  });
}

test.each(AS_THEY_ARE)("what no stream tells goes to the pod as it is (%s %o)", (path, body) => {
  expect(assembledCall(callFor(path, body))).toBeNull();
});

test("the body asks for a stream and is otherwise the client's", () => {
  const body = { ...chat, stream: false, seed: 7 };
  const [call, assembled] = asked(CHAT, body);
  expect(JSON.parse(assembled.body.toString())).toEqual({
    ...JSON.parse(call.body.toString()),
    stream: true,
    stream_options: { include_usage: true, continuous_usage_stats: true },
  });
});

const chunk = (value: unknown) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: MODEL };
const delta = (index: number, fields: object, finish: string | null = null) =>
  chunk({ ...head, choices: [{ index, delta: fields, logprobs: null, finish_reason: finish, stop_reason: null }] });
const called = (index: number, fn: object, id?: string) => ({
  content: null,
  tool_calls: [{ ...(id && { id, type: "function" }), index, function: fn }],
});
const messageIn = (stream: string, fields: Record<string, unknown> = {}) => {
  const { answer } = assemble(CHAT, { ...chat, ...fields }, Buffer.from(stream), [50]);
  return JSON.parse(answer ?? "null")?.choices[0];
};

test("parallel tool calls come in the order of their index, their arguments spelled as whole answers spell them", () => {
  const stream =
    delta(0, { role: "assistant", content: "" }) +
    delta(0, called(0, { name: "a" }, "c1")) +
    delta(0, called(0, { arguments: '{"n":1.50,' })) +
    delta(0, called(1, { name: "b", arguments: "" }, "c2")) +
    delta(0, called(1, { arguments: "{}" })) +
    delta(0, called(0, { arguments: '  "x":[1,2]}' })) +
    delta(0, {}, "tool_calls") +
    chunk("[DONE]");
  expect(messageIn(stream, { tools })).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: null,
      tool_calls: [
        { id: "c1", type: "function", function: { name: "a", arguments: '{"n": 1.5, "x": [1, 2]}' } },
        { id: "c2", type: "function", function: { name: "b", arguments: "{}" } },
      ],
    },
  });
});

test("a finished call counts as the end even where the token limit came right after it; a torn one doesn't", () => {
  const upTo = (end: string) =>
    delta(0, { role: "assistant", content: "" }) +
    delta(0, called(0, { name: "a" }, "c1")) +
    delta(0, called(0, { arguments: end })) +
    delta(0, {}, "length") +
    chunk("[DONE]");
  expect(messageIn(upTo('{"a":1}'), { tools }).finish_reason).toBe("tool_calls");
  const torn = messageIn(upTo('{"a":'), { tools });
  expect([torn.finish_reason, torn.message.tool_calls[0].function.arguments]).toEqual(["length", '{"a":']);
});

test("text under another version's name is kept", () => {
  const stream =
    delta(0, { role: "assistant", content: "" }) +
    delta(0, { reasoning_content: "hm, " }) +
    delta(0, { reasoning_content: "well" }) +
    delta(0, { content: "Yes." }, "stop") +
    chunk("[DONE]");
  expect(messageIn(stream).message).toMatchObject({ content: "Yes.", reasoning: null, reasoning_content: "hm, well" });
});

test("a stream that ends before its end mark is no answer", () => {
  const stream = delta(0, { role: "assistant", content: "" }) + delta(0, { content: "He" });
  expect(assemble(CHAT, chat, Buffer.from(stream), [9]).answer).toBeNull();
  expect(assemble(CHAT, chat, Buffer.from(`${stream}data: [DONE]`), [9]).answer).toContain('"content":"He"');
});

test("an error in the stream is refused as the plain answer would have been", () => {
  const asError = (code: number) => ({ error: { message: "too long", type: "BadRequestError", param: null, code } });
  for (const [code, refused] of [
    [400, "invalid_request"],
    [500, "pod_error"],
    [503, "pod_unavailable"],
  ] as const) {
    const stream = delta(0, { content: "He" }) + chunk(asError(code)) + chunk("[DONE]");
    expect(assemble(CHAT, chat, Buffer.from(stream), [11]).refusal?.code).toBe(refused);
  }
});

test("comments, blank lines and other line ends change nothing", () => {
  const stream = delta(0, { content: "He" }) + delta(0, { content: "llo" }, "stop") + chunk("[DONE]");
  const wanted = assemble(CHAT, chat, Buffer.from(stream), [7]).answer;
  for (const other of [stream.replaceAll("\n", "\r\n"), stream.replaceAll("\n\n", "\n\n: keep-alive\n\n\n")]) {
    expect(assemble(CHAT, chat, Buffer.from(other), [7]).answer).toBe(wanted);
  }
});

test("what is no chunk is refused, and so is an answer without end", () => {
  const refused = (stream: string, most = 1e9) =>
    assemble(CHAT, chat, Buffer.from(stream), [500], most).refusal?.cause as Error | undefined;
  for (const bad of ['{"id":"chatcmpl-broken","choices":[{"ind', '{"choices":[{"delta":{"content":"x"}}]}', "{}x"]) {
    expect(refused(chunk(bad))).toBeInstanceOf(Error);
  }
  expect(refused(chunk("[DONE]"))?.message).toBe("a stream without choices");
  const endless = [
    delta(0, { content: "x".repeat(1_000) }).repeat(20),
    delta(0, {}).repeat(1_000),
    Array.from({ length: 50 }, (_, index) => delta(index, {})).join(""),
    Array.from({ length: 50 }, (_, index) => delta(0, called(index, {}))).join(""),
    Array.from({ length: 50 }, (_, index) => delta(0, { [`field ${index}`]: 1 })).join(""),
  ];
  for (const stream of endless) expect(refused(stream, 10_000)?.message).toBe("it is too large");
});
