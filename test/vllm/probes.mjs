const CHAT = "/v1/chat/completions";
const model = "tiny-llama";
const messages = [{ role: "user", content: "hello world" }];
const chat = { model, messages, max_tokens: 5, ignore_eos: true, seed: 1 };
const text = { model, prompt: "hello world", max_tokens: 5, ignore_eos: true, seed: 1 };
const message = { model, messages, max_tokens: 5 };
const response = { model, input: "hello world", max_output_tokens: 5, ignore_eos: true, seed: 1 };
const usage = { stream: true, stream_options: { include_usage: true } };
const running = { stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } };
const parameters = {
  type: "object",
  properties: { unit: { enum: ["celsius", "kelvin"] } },
  required: ["unit"],
  additionalProperties: false,
};
const tool = { type: "function", function: { name: "get_weather", strict: true, parameters } };
const named = {
  max_tokens: 400,
  seed: 4,
  tools: [tool],
  tool_choice: { type: "function", function: { name: "get_weather" } },
};
// A text both pods write: its tokens all have letters, which isn't so of random ones.
const fixed = { max_tokens: 60, ignore_eos: false, structured_outputs: { choice: ["hello world"] } };
const schema = { name: "weather", schema: parameters };

const post = (path, body, more) => ({ method: "POST", path, body, ...more });
const get = (path, more) => ({ method: "GET", path, ...more });
const bare = { key: null };

/**
 * Requests whose answers the simulated pod must shape as vLLM does: name → method, path, body, key (the right one unless said). Pooling routes are
 * missing on purpose: vLLM serves them only for pooling models, the simulated pod beside generation.
 */
export const PROBES = {
  // Routes and the key
  models: get("/v1/models"),
  "models without a key": get("/v1/models", bare),
  "a wrong key": post(CHAT, chat, { key: "wrong" }),
  "an x-api-key": post("/v1/messages", message, { key: null, headers: { "x-api-key": "right" } }),
  "an unknown path under /v1 without a key": get("/v1/nothing", bare),
  "an unknown path under /v1": get("/v1/nothing"),
  "an unknown path": get("/nothing", bare),
  "one model by its name": get(`/v1/models/${model}`),
  "the wrong method": get(CHAT),
  health: get("/health", bare),
  ping: get("/ping", bare),
  version: get("/version", bare),
  load: get("/load", bare),
  "inference without a key": post("/invocations", chat, bare),
  // Refusals
  "not JSON": post(CHAT, "{not json"),
  "no body": post(CHAT, ""),
  "a list": post(CHAT, "[]"),
  "a string": post(CHAT, '"x"'),
  null: post(CHAT, "null"),
  "plain text": post(CHAT, JSON.stringify(chat), { headers: { "content-type": "text/plain" } }),
  "no messages": post(CHAT, { model }),
  "messages that are text": post(CHAT, { model, messages: "hello" }),
  "no message": post(CHAT, { model, messages: [] }),
  "an unknown model": post(CHAT, { ...chat, model: "nope" }),
  "an unknown model in a stream": post(CHAT, { ...chat, model: "nope", stream: true }),
  "a model that is a number": post(CHAT, { ...chat, model: 7 }),
  "no model": post(CHAT, { ...chat, model: undefined }),
  "max_tokens over the context": post(CHAT, { ...chat, max_tokens: 100_000 }),
  "max_tokens of zero": post(CHAT, { ...chat, max_tokens: 0 }),
  "max_tokens that is a word": post(CHAT, { ...chat, max_tokens: "x" }),
  "max_tokens in quotes": post(CHAT, { ...chat, max_tokens: "5" }),
  "max_tokens with a fraction": post(CHAT, { ...chat, max_tokens: 2.5 }),
  "a temperature out of range": post(CHAT, { ...chat, temperature: 5 }),
  "a temperature below zero": post(CHAT, { ...chat, temperature: -1 }),
  "a temperature that is a word": post(CHAT, { ...chat, temperature: "hot" }),
  "no choices": post(CHAT, { ...chat, n: 0 }),
  "top_logprobs alone": post(CHAT, { ...chat, top_logprobs: 3 }),
  "too many top_logprobs": post(CHAT, { ...chat, logprobs: true, top_logprobs: 50 }),
  "stream that is a word": post(CHAT, { ...chat, stream: "maybe" }),
  "stream that says yes": post(CHAT, { ...chat, stream: "yes" }),
  "stream_options without a stream": post(CHAT, { ...chat, stream_options: { include_usage: true } }),
  "stream_options without a stream in completions": post("/v1/completions", {
    ...text,
    stream_options: { include_usage: true },
  }),
  "a chat template": post(CHAT, { ...chat, chat_template: "x" }),
  "a tool choice without tools": post(CHAT, { ...chat, tool_choice: "required" }),
  "a prompt over the context": post("/v1/completions", { ...text, prompt: "zz ".repeat(6_000) }),
  "a completion without a prompt": post("/v1/completions", { model }),
  "a completion of an unknown model": post("/v1/completions", { ...text, model: "nope" }),
  "a message without max_tokens": post("/v1/messages", { model, messages }),
  "a message of an unknown model": post("/v1/messages", { ...message, model: "nope" }),
  "a message that is not JSON": post("/v1/messages", "{bad"),
  "a message with max_tokens over the context": post("/v1/messages", { ...message, max_tokens: 100_000 }),
  "a response without input": post("/v1/responses", { model }),
  "a response of an unknown model": post("/v1/responses", { ...response, model: "nope" }),
  "a response with too many tokens": post("/v1/responses", { ...response, max_output_tokens: 100_000 }),
  "counting without messages": post("/v1/messages/count_tokens", { model }),
  "tokenize of an unknown model": post("/tokenize", { model: "nope", prompt: "hello" }),
  // Answers
  "a chat": post(CHAT, chat),
  "an unknown field": post(CHAT, { ...chat, bogus: 5 }),
  "a chat of two choices": post(CHAT, { ...chat, n: 2 }),
  "a chat with log probabilities": post(CHAT, { ...chat, logprobs: true, top_logprobs: 1 }),
  "a named tool": post(CHAT, { ...chat, ...named, ignore_eos: false }),
  "a schema": post(CHAT, {
    ...chat,
    max_tokens: 400,
    ignore_eos: false,
    seed: 4,
    response_format: { type: "json_schema", json_schema: schema },
  }),
  "a completion": post("/v1/completions", text),
  "a completion of two prompts": post("/v1/completions", { ...text, prompt: ["hello", "one two"] }),
  "an echo without more": post("/v1/completions", { ...text, max_tokens: 0, echo: true }),
  "an echo": post("/v1/completions", { ...text, echo: true }),
  "a completion with log probabilities": post("/v1/completions", { ...text, logprobs: 1 }),
  "a message": post("/v1/messages", message),
  "tokens counted": post("/v1/messages/count_tokens", { model, messages }),
  "a response": post("/v1/responses", response),
  tokenize: post("/tokenize", { model, prompt: "hello" }, bare),
  "tokenize messages": post("/tokenize", { model, messages }, bare),
  detokenize: post("/detokenize", { model, tokens: [10, 20] }, bare),
  "a load report": post(CHAT, chat, { headers: { "endpoint-load-metrics-format": "JSON" } }),
  // Streams
  "a chat stream": post(CHAT, { ...chat, stream: true }),
  "a chat stream with usage": post(CHAT, { ...chat, ...usage }),
  "a chat stream with running usage": post(CHAT, { ...chat, ...running }),
  "a chat stream with continuous usage alone": post(CHAT, {
    ...chat,
    stream: true,
    stream_options: { continuous_usage_stats: true },
  }),
  "a chat stream with empty options": post(CHAT, { ...chat, stream: true, stream_options: {} }),
  "a chat stream with null options": post(CHAT, { ...chat, stream: true, stream_options: null }),
  "a chat stream with log probabilities": post(CHAT, {
    ...chat,
    ...fixed,
    ...running,
    logprobs: true,
    top_logprobs: 1,
  }),
  "a tool in a stream": post(CHAT, { ...chat, ...named, ...running, ignore_eos: false }),
  "a completion stream": post("/v1/completions", { ...text, stream: true }),
  "a completion stream with usage": post("/v1/completions", { ...text, ...usage }),
  "a completion stream with running usage": post("/v1/completions", { ...text, ...running }),
  "a message stream": post("/v1/messages", { ...message, stream: true }),
  "a chosen text": post(CHAT, { ...chat, ...fixed }),
  "two choices in a stream": post(CHAT, { ...chat, ...fixed, ...running, n: 2 }),
  "two choices in a completion stream": post("/v1/completions", { ...text, ...fixed, ...running, n: 2 }),
  "a chat stream over the context": post(CHAT, { ...chat, messages: [{ role: "user", content: "zz ".repeat(6_000) }] }),
  "a prompt far over the context": post("/v1/completions", { ...text, prompt: "x".repeat(60_000) }),
  "a completion with max_tokens over the context": post("/v1/completions", { ...text, max_tokens: 5_000 }),
  "a completion of no tokens": post("/v1/completions", { ...text, max_tokens: 0 }),
  "a priority": post(CHAT, { ...chat, priority: 5 }),
  "a request id": post(CHAT, chat, { headers: { "x-request-id": "abc" } }),
  HEAD: get("/v1/models", { method: "HEAD" }),
  "a slash too many": get("/v1/models/"),
  "an echo in a stream": post("/v1/completions", { ...text, ...fixed, ...running, echo: true }),
  "a response stream": post("/v1/responses", { ...response, stream: true }),
};
