import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const HELLO = [{ role: "user", content: "hello world" }];
const LONG = [{ role: "user", content: "hello world ".repeat(100) }];
const WEATHER = {
  type: "function",
  function: {
    name: "get_weather",
    strict: true, // without it vLLM doesn't hold the arguments to their schema
    parameters: {
      type: "object",
      properties: { unit: { enum: ["celsius", "kelvin"] } },
      required: ["unit"],
      additionalProperties: false,
    },
  },
};
const VERDICT = {
  type: "json_schema",
  json_schema: {
    name: "verdict",
    strict: true,
    schema: {
      type: "object",
      properties: { ok: { type: "boolean" } },
      required: ["ok"],
      additionalProperties: false,
    },
  },
};

const fromOpenai = (usage) => ({
  prompt: usage.prompt_tokens,
  completion: usage.completion_tokens,
  cached: usage.prompt_tokens_details?.cached_tokens,
});
const fromResponses = (usage) => ({
  prompt: usage.input_tokens,
  completion: usage.output_tokens,
  cached: usage.input_tokens_details?.cached_tokens,
});
const fromAnthropic = (usage) => ({
  prompt: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
  completion: usage.output_tokens,
  cached: usage.cache_read_input_tokens ?? undefined,
});

/** All of a chat stream: text, tool calls by index, the chunk with usage. */
async function gather(stream) {
  const seen = { texts: {}, calls: {}, finish: {}, usage: null, bare: 0 };
  for await (const chunk of stream) {
    if (chunk.usage) seen.usage = chunk.usage;
    if (chunk.choices.length === 0) seen.bare += 1;
    for (const { index, delta, finish_reason } of chunk.choices) {
      seen.texts[index] = (seen.texts[index] ?? "") + (delta.content ?? "");
      if (finish_reason) seen.finish[index] = finish_reason;
      for (const call of delta.tool_calls ?? []) {
        seen.calls[call.index] ??= { name: "", arguments: "" };
        seen.calls[call.index].name += call.function?.name ?? "";
        seen.calls[call.index].arguments += call.function?.arguments ?? "";
      }
    }
  }
  return seen;
}

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("was not refused");
}

/** Each scenario checks what its caller sees and tells what it cost: `{ requestId?, usage?, samples?, outcome?, seen?, status? }`. */
export function scenariosFor({ url, key, model, direct }) {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 60_000 });
  const anthropic = new Anthropic({
    baseURL: url,
    ...(direct ? { authToken: key, apiKey: null } : { apiKey: key }), // vLLM itself knows no x-api-key
    maxRetries: 0,
  });
  const base = { model, messages: HELLO, max_tokens: 12 };
  const streamed = (body) => openai.chat.completions.create({ ...base, ...body, stream: true }).withResponse();

  return {
    "models are listed": async () => {
      const page = await openai.models.list();
      assert.ok(page.data.some(({ id }) => id === model));
      return {};
    },
    "a chat answers": async () => {
      const answer = await openai.chat.completions.create(base);
      assert.equal(answer.object, "chat.completion");
      assert.equal(answer.choices[0].message.role, "assistant");
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a chat streams and says its usage when asked": async () => {
      const { data, request_id } = await streamed({ ignore_eos: true, stream_options: { include_usage: true } });
      const seen = await gather(data);
      assert.equal(seen.bare, 1);
      assert.equal(seen.finish[0], "length");
      assert.equal(seen.usage.completion_tokens, 12);
      return { requestId: request_id, usage: fromOpenai(seen.usage) };
    },
    "a chat stream says nothing of usage when not asked": async () => {
      const { data, request_id } = await streamed({ ignore_eos: true });
      const seen = await gather(data);
      assert.equal(seen.bare, 0);
      assert.equal(seen.usage, null);
      return { requestId: request_id, usage: { completion: 12 } };
    },
    "three choices stream at once": async () => {
      const { data, request_id } = await streamed({ n: 3, ignore_eos: true, stream_options: { include_usage: true } });
      const seen = await gather(data);
      assert.deepEqual(Object.keys(seen.texts), ["0", "1", "2"]);
      return { requestId: request_id, usage: fromOpenai(seen.usage), samples: 3 };
    },
    "a long prompt is read": async () => {
      const answer = await openai.chat.completions.create({ ...base, messages: LONG });
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "the same prompt again comes from the cache": async () => {
      const { data, request_id } = await streamed({ messages: LONG, stream_options: { include_usage: true } });
      const { usage } = await gather(data);
      assert.ok(usage.prompt_tokens_details.cached_tokens >= 128);
      return { requestId: request_id, usage: fromOpenai(usage) };
    },
    "log probabilities come with the answer": async () => {
      const answer = await openai.chat.completions.create({ ...base, logprobs: true, top_logprobs: 2 });
      assert.equal(answer.choices[0].logprobs.content[0].top_logprobs.length, 2);
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a schema is kept": async () => {
      const answer = await openai.chat.completions.create({
        ...base,
        max_tokens: 400,
        response_format: VERDICT,
        seed: 4,
      });
      assert.equal(typeof JSON.parse(answer.choices[0].message.content).ok, "boolean");
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a named tool is called": async () => {
      const tool_choice = { type: "function", function: { name: "get_weather" } };
      const answer = await openai.chat.completions.create({
        ...base,
        max_tokens: 400,
        tools: [WEATHER],
        tool_choice,
        seed: 4,
      });
      const [call] = answer.choices[0].message.tool_calls;
      assert.equal(call.function.name, "get_weather");
      assert.match(JSON.parse(call.function.arguments).unit, /^(celsius|kelvin)$/);
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a required tool is called in a stream": async () => {
      const { data, request_id } = await streamed({
        max_tokens: 400,
        tools: [WEATHER],
        tool_choice: { type: "function", function: { name: "get_weather" } },
        seed: 4,
        stream_options: { include_usage: true },
      });
      const seen = await gather(data);
      assert.equal(seen.calls[0].name, "get_weather");
      assert.match(JSON.parse(seen.calls[0].arguments).unit, /^(celsius|kelvin)$/);
      return { requestId: request_id, usage: fromOpenai(seen.usage) };
    },
    "a tool's result is taken": async () => {
      const call = {
        id: "call_1",
        type: "function",
        function: { name: "get_weather", arguments: '{"unit":"celsius"}' },
      };
      const answer = await openai.chat.completions.create({
        ...base,
        tools: [WEATHER],
        messages: [
          ...HELLO,
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "call_1", content: "20" },
        ],
      });
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a completion answers": async () => {
      const answer = await openai.completions.create({ model, prompt: "hello", max_tokens: 8 });
      assert.equal(answer.object, "text_completion");
      return { requestId: answer._request_id, usage: fromOpenai(answer.usage) };
    },
    "a completion of two prompts streams": async () => {
      const body = { model, prompt: ["hello", "one two three"], max_tokens: 8, stream: true, ignore_eos: true };
      const { data, request_id } = await openai.completions
        .create({ ...body, stream_options: { include_usage: true } })
        .withResponse();
      let usage = null;
      for await (const chunk of data) usage = chunk.usage ?? usage;
      assert.equal(usage.completion_tokens, 16);
      return { requestId: request_id, usage: fromOpenai(usage) };
    },
    "a response answers": async () => {
      const answer = await openai.responses.create({ model, input: "hello world", max_output_tokens: 12 });
      return { requestId: answer._request_id, usage: fromResponses(answer.usage) };
    },
    "a response streams": async () => {
      const body = { model, input: "hello world", max_output_tokens: 12, stream: true };
      const { data, request_id } = await openai.responses.create(body).withResponse();
      let usage = null;
      for await (const event of data) if (event.type === "response.completed") usage = event.response.usage;
      return { requestId: request_id, usage: fromResponses(usage) };
    },
    "Anthropic's SDK gets a message": async () => {
      const { data, request_id } = await anthropic.messages.create(base).withResponse();
      assert.equal(data.type, "message");
      return { requestId: request_id, usage: fromAnthropic(data.usage) };
    },
    "Anthropic's SDK streams a message": async () => {
      const { data, response } = await anthropic.messages
        .create({ ...base, messages: LONG, stream: true })
        .withResponse();
      let usage = {};
      for await (const event of data) usage = { ...usage, ...(event.message?.usage ?? event.usage) };
      return { requestId: response.headers.get("x-request-id"), usage: fromAnthropic(usage) };
    },
    "Anthropic's SDK counts tokens": async () => {
      const { input_tokens } = await anthropic.messages.countTokens({ model, messages: HELLO });
      assert.ok(input_tokens > 4);
      return {};
    },
    "a client that leaves mid-stream frees the pod": async () => {
      const { data, request_id } = await streamed({ max_tokens: 4_000, ignore_eos: true });
      let seen = 0;
      for await (const chunk of data) {
        if (chunk.choices[0]?.delta.content) seen += 1;
        if (seen === 20) break; // the SDK closes the connection
      }
      return { requestId: request_id, outcome: "client_closed", seen };
    },
    "a client that leaves three choices frees the pod": async () => {
      const { data, request_id } = await streamed({ max_tokens: 4_000, n: 3, ignore_eos: true });
      let seen = 0;
      for await (const chunk of data) {
        if (chunk.choices[0]?.delta.content) seen += 1;
        if (seen === 60) break;
      }
      return { requestId: request_id, outcome: "client_closed", seen, samples: 3 };
    },
    "a client that leaves before the answer frees the pod": async () => {
      const leave = new AbortController();
      setTimeout(() => leave.abort(), 400);
      await refused(
        openai.chat.completions.create({ ...base, max_tokens: 4_000, ignore_eos: true }, { signal: leave.signal }),
      );
      return { outcome: "client_closed" };
    },
    "a wrong key is refused": async () => {
      const stranger = openai.withOptions({ apiKey: `sk-vllm-${"x".repeat(38)}` });
      const error = await refused(stranger.chat.completions.create(base));
      assert.ok(error instanceof OpenAI.AuthenticationError);
      if (!direct) assert.equal(error.code, "invalid_api_key");
      return { status: 401 };
    },
    "an unknown model is refused": async () => {
      const error = await refused(openai.chat.completions.create({ ...base, model: "nope" }));
      assert.ok(error instanceof OpenAI.NotFoundError);
      if (!direct) assert.equal(error.code, "model_not_found");
      return { requestId: error.requestID, status: 404 };
    },
    "a value out of range is refused in the pod's words": async () => {
      const error = await refused(openai.chat.completions.create({ ...base, temperature: 5, stream: true }));
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /temperature/);
      return { requestId: error.requestID, status: 400 };
    },
    "a value of a wrong type is refused by its name": async () => {
      const error = await refused(openai.chat.completions.create({ ...base, min_p: "hot" }));
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /min_p|valid number/);
      return { requestId: error.requestID, status: 400 };
    },
    "eight streams at once": async () => {
      const all = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const { data } = await streamed({ max_tokens: 40, stream_options: { include_usage: true } });
          return fromOpenai((await gather(data)).usage);
        }),
      );
      const sum = (name) => all.reduce((total, usage) => total + usage[name], 0);
      return { usage: { prompt: sum("prompt"), completion: sum("completion") } };
    },
  };
}

/** A stream during which the pod is ended by `endPod`, and one more call after it. The pod's key must not come out with either. */
export async function outlivePod({ url, key, model, direct, podKey }, endPod) {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 60_000 });
  const body = { model, messages: HELLO, max_tokens: 4_000, ignore_eos: true };
  const { data, request_id } = await openai.chat.completions.create({ ...body, stream: true }).withResponse();
  let seen = 0;
  const broken = await refused(
    (async () => {
      for await (const chunk of data) {
        if (chunk.choices[0]?.delta.content) seen += 1;
        if (seen === 20) endPod();
      }
    })(),
  );
  const next = await refused(openai.chat.completions.create(body));
  if (direct) assert.ok(next instanceof OpenAI.APIConnectionError);
  else assert.ok(next.status >= 500, `a call to a pod that is gone was answered ${next.status}`);
  assert.ok(!`${broken.message}${next.message}`.includes(podKey));
  return { requestId: request_id, outcome: "upstream_error", seen, next: next.status };
}
