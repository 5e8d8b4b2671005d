import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "./simulator";

const model = "simulated-llama-8b";
const messages = [{ role: "user" as const, content: "What is a good morning made of?" }];
const parameters = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };

let simulator: Simulator;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  simulator = await startSimulator({ keys: ["pod-key"], tokensPerSecond: 500, ttftMs: 5 });
  openai = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: "pod-key", maxRetries: 0 });
  // The pod takes a bearer alone; Anthropic's SDK sends one as `authToken`.
  anthropic = new Anthropic({ baseURL: simulator.url, authToken: "pod-key", apiKey: null, maxRetries: 0 });
});
afterAll(() => simulator.close());

test("OpenAI's SDK streams a chat to its end, with usage", async () => {
  const stream = openai.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
  const { choices, usage } = await stream.finalChatCompletion();
  expect(choices[0]?.message.content).toMatch(/^[A-Z].*\.$/);
  expect(choices[0]?.finish_reason).toBe("stop");
  const entry = await simulator.ledger.ended(({ path }) => path === "/v1/chat/completions");
  expect(usage).toMatchObject({ prompt_tokens: entry.promptTokens, completion_tokens: entry.producedTokens });
});

test("OpenAI's SDK puts a streamed tool call together", async () => {
  const tools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
  const stream = openai.chat.completions.stream({ model, messages, tools, tool_choice: "required" });
  const { choices } = await stream.finalChatCompletion();
  expect(choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      tool_calls: [{ type: "function", function: { name: "get_weather", arguments: '{"city": "Kathmandu"}' } }],
    },
  });
});

test("left to itself the model calls the tool the user speaks of, and answers in words after its result", async () => {
  const tools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
  const asked = [{ role: "user" as const, content: "Please get weather for tomorrow." }];
  const first = (await openai.chat.completions.create({ model, messages: asked, tools })).choices[0]?.message;
  const call = first?.tool_calls?.[0];
  if (!first || !call) throw new Error("No tool was called.");
  const result = { role: "tool" as const, tool_call_id: call.id, content: "Sunny." };
  const second = await openai.chat.completions.create({ model, messages: [...asked, first, result], tools });
  expect(second.choices[0]).toMatchObject({
    finish_reason: "stop",
    message: { content: expect.stringMatching(/\.$/) },
  });
});

test("leaving an SDK's stream ends the generation", async () => {
  const stream = await openai.chat.completions.create({
    model,
    messages,
    stream: true,
    max_completion_tokens: 4_000,
    ...{ ignore_eos: true },
  });
  let seen = 0;
  for await (const _chunk of stream) {
    seen += 1;
    if (seen === 5) break;
  }
  await expect.poll(() => simulator.load().running).toBe(0);
  expect(simulator.ledger.last).toMatchObject({ outcome: "client_closed" });
  expect(simulator.ledger.last?.producedTokens).toBeLessThan(1_000);
});

test("OpenAI's SDK sees the pod's refusals as its own errors", async () => {
  await expect(openai.chat.completions.create({ model: "nope", messages })).rejects.toMatchObject({
    status: 404,
    param: "model",
    code: 404,
  });
  await expect(openai.withOptions({ apiKey: "wrong" }).models.list()).rejects.toMatchObject({ status: 401 });
});

test("OpenAI's SDK reads models, embeddings and responses", async () => {
  expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([model]);
  expect((await openai.embeddings.create({ model, input: "hi" })).data[0]?.embedding).toHaveLength(64);
  const response = await openai.responses.create({ model, input: "Say something kind." });
  expect(response.output_text).toMatch(/\.$/);
  const types: string[] = [];
  for await (const event of await openai.responses.create({ model, input: "Say something kind.", stream: true })) {
    types.push(event.type);
    if (event.type === "response.completed") expect(event.response.usage).toEqual(response.usage);
  }
  expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
});

test("Anthropic's SDK streams a message and its totals", async () => {
  const message = await anthropic.messages.stream({ model, max_tokens: 300, messages }).finalMessage();
  expect(message.content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/\.$/) });
  const entry = await simulator.ledger.ended(({ path }) => path === "/v1/messages");
  expect(message.usage).toMatchObject({ input_tokens: entry.promptTokens, output_tokens: entry.producedTokens });
  expect(message.stop_reason).toBe("end_turn");
});

test("Anthropic's SDK gets tools, whole and streamed, and counts alike", async () => {
  const tools = [{ name: "get_weather", input_schema: parameters }];
  const wanted = { model, max_tokens: 100, messages, tools, tool_choice: { type: "any" as const } };
  const whole = await anthropic.messages.create(wanted);
  const streamed = await anthropic.messages.stream(wanted).finalMessage();
  for (const message of [whole, streamed]) {
    expect(message.content).toMatchObject([{ type: "tool_use", name: "get_weather", input: { city: "Kathmandu" } }]);
    expect(message.stop_reason).toBe("tool_use");
  }
  expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  const counted = await anthropic.messages.countTokens({ model, messages, tools });
  expect(counted.input_tokens).toBe(whole.usage.input_tokens);
});
