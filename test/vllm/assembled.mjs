import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { settledRows } from "./ledger.mjs";

const CHAT = "/v1/chat/completions";
const TEXT = "/v1/completions";
const MESSAGES = "/v1/messages";
const RESPONSES = "/v1/responses";

const model = "tiny-llama";
const messages = [{ role: "user", content: "hello world" }];
const cold = { temperature: 0, seed: 1 };
// vLLM refuses several choices where there is nothing to choose.
const warm = { temperature: 1, seed: 1, n: 2 };
const chat = { model, messages, max_tokens: 40, ignore_eos: true, ...cold };
const text = { model, prompt: "hello world", max_tokens: 20, ignore_eos: true, ...cold };
const message = { model, messages, max_tokens: 30, temperature: 0 };
const response = { model, input: "hello world", max_output_tokens: 30, temperature: 0 };
const parameters = {
  type: "object",
  properties: { unit: { enum: ["celsius", "kelvin"] }, n: { type: "number" } },
  required: ["unit"],
  additionalProperties: false,
};
const tool = (name, strict) => ({ type: "function", function: { name, strict, parameters } });
const tools = [tool("get_weather", true), tool("get_time", true)];
const CALL =
  '<tool_call>\n{"name": "get_weather", "arguments": {"unit":"celsius",  "n": 1.50, "é":"\\u00e9", "big": 123456789012345678901}}\n</tool_call>';
/** The model says exactly this. */
const saying = (words) => ({ ...chat, ignore_eos: false, max_tokens: 400, structured_outputs: { choice: [words] } });
const calling = (words) => ({ ...saying(words), tools: [tool("get_weather", false)] });

/** Whole answers that Podpass makes of a stream must be these, byte for byte. */
const EXACT = {
  "a chat": [CHAT, chat],
  "two choices": [CHAT, { ...chat, ...warm }],
  "a stop": [CHAT, { ...chat, max_tokens: 200, stop: ["e"] }],
  "log probabilities": [CHAT, { ...chat, logprobs: true, top_logprobs: 5 }],
  "log probabilities of two choices": [CHAT, { ...chat, ...warm, logprobs: true }],
  "log probabilities so small that they are written with an exponent": [
    CHAT,
    { ...saying("hello world"), logprobs: true, top_logprobs: 2 },
  ],
  "token ids": [CHAT, { ...chat, return_token_ids: true }],
  "the prompt's text": [CHAT, { ...chat, return_prompt_text: true }],
  "tools nobody calls": [CHAT, { ...chat, tools }],
  "a required tool": [
    CHAT,
    { ...chat, ignore_eos: false, max_tokens: 600, seed: 4, temperature: 1, tools, tool_choice: "required" },
  ],
  "a call of the model's choice": [CHAT, calling(CALL)],
  "two calls at once": [CHAT, calling(`${CALL}\n${CALL}`)],
  "a call after some words": [CHAT, calling(`Hello. ${CALL}`)],
  "a completion with log probabilities": [TEXT, { ...text, logprobs: 3 }],
  "two completions with log probabilities": [TEXT, { ...text, ...warm, logprobs: 2 }],
  "completions of two prompts": [TEXT, { ...text, prompt: ["hello", "the quick brown fox"] }],
  "an echo": [TEXT, { ...text, echo: true }],
  "an echo with token ids": [TEXT, { ...text, echo: true, return_token_ids: true }],
  "an echo with log probabilities, which goes as it is": [TEXT, { ...text, echo: true, logprobs: 1 }],
  "a message": [MESSAGES, message],
  "a message that stops": [MESSAGES, { ...message, max_tokens: 300, stop_sequences: ["e"] }],
  "a response": [RESPONSES, response],
  "a response with log probabilities": [
    RESPONSES,
    { ...response, include: ["message.output_text.logprobs"], top_logprobs: 2 },
  ],
};

/** Without what no two answers share. */
const comparable = (json) =>
  json
    .replace(/"(?:chatcmpl|cmpl|resp|msg|fc|rs|call)[-_][-\w]+"/g, '"id"')
    .replace(/"created(_at)?":\d+/g, '"created":0');

/** A busy machine batches differently, and another batch may round a warm choice to another token. */
const TRIES = 3;

/**
 * The comparison of what vLLM answers and what Podpass makes of its stream, as checks by name. To be run in this order:
 * the first marks the pod as one behind a proxy, the last takes that back.
 */
export function assembledChecks({ podpass, key, real }) {
  const told = [];
  const ask = async (target, path, body) => {
    const answer = await fetch(target.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answered = await answer.text();
    assert.equal(answer.status, 200, answered);
    return { text: comparable(answered), usage: JSON.parse(answered).usage, id: answer.headers.get("x-request-id") };
  };
  const through = { url: podpass.url, key };

  async function compare([path, body]) {
    await ask(real, path, body); // from here on its prompt is cached for all
    for (let tried = 1; ; tried += 1) {
      const wanted = await ask(real, path, body);
      const got = await ask(through, path, body);
      told.push(got);
      if (got.text === wanted.text) return;
      if (tried === TRIES) assert.equal(got.text, wanted.text);
    }
  }

  /** A call cut short is text to vLLM's plain parser and nothing to the one for streams: it shows which one was asked. */
  async function isAskedForStreams() {
    const cut = { ...chat, max_tokens: 12, tools, tool_choice: "required" };
    return !(await ask(through, CHAT, cut)).text.includes("tool_call");
  }

  async function mark(isBehind) {
    await podpass.setBehindProxy(isBehind);
    for (let tried = 0; (await isAskedForStreams()) !== isBehind; tried += 1) {
      assert.ok(tried < 20, "the pod is not asked in another way");
      await sleep(500);
    }
  }

  return {
    "a pod behind a proxy is asked for streams": () => mark(true),
    ...Object.fromEntries(Object.entries(EXACT).map(([name, probe]) => [name, () => compare(probe)])),
    "the rows of all of these": () => compareRows(podpass, told),
    "a pod without a proxy is asked as the client asks": () => mark(false),
  };
}

async function compareRows(podpass, told) {
  const rows = await settledRows(
    podpass,
    told.map(({ id }) => id),
  );
  for (const { id, usage } of told) {
    const row = rows.find(({ requestId }) => requestId === id);
    assert.ok(row, "there is no row for this request");
    const { promptTokens, completionTokens, tokenSource, outcome } = row;
    const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    assert.deepEqual(
      { promptTokens, completionTokens, tokenSource, outcome },
      {
        promptTokens: usage.prompt_tokens ?? usage.input_tokens + cached,
        completionTokens: usage.completion_tokens ?? usage.output_tokens,
        tokenSource: "measured",
        outcome: "completed",
      },
    );
  }
  return `${told.length} rows`;
}
