import { planChat, totalOf } from "./chat";
import { missingField, PodError, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { type Body, flag, isObject, optionalInteger, readBody } from "./fields";
import { type Generation, stream, whole } from "./generation";
import { newId } from "./identity";
import { responseEvents } from "./response-events";
import { newIds, outputOf } from "./response-items";

/** OpenAI's Responses API, as vLLM offers it without its response store: usage comes with the end alone. */
export function responses(exchange: Exchange) {
  const body = readBody(exchange);
  refuseStored(body);
  const field = "max_output_tokens";
  const max = { tokens: optionalInteger(body, field, 1), field };
  const { generation, model } = planChat(exchange, asChat(body), conversation(body), max);
  const id = typeof body.request_id === "string" ? body.request_id : `resp_${newId()}`;
  const limit = max.tokens ?? exchange.pod.options.maxModelLen - generation.promptTokens;
  const about = { body, id, model, limit, created: Math.floor(Date.now() / 1000) };
  const frame = (output: unknown[], atEnd: boolean) =>
    responseOf(about, output, atEnd ? endOf(exchange, generation) : undefined);
  if (flag(body, "stream")) stream(exchange, generation, responseEvents(generation, frame));
  else whole(exchange, generation, () => JSON.stringify(frame(outputOf(generation, newIds(), false), true)));
}

function refuseStored(body: Body) {
  if (body.background === true) {
    const message =
      "This vLLM engine does not support `store=True` and therefore does not support the background mode. To enable these " +
      "features, set the environment variable `VLLM_ENABLE_RESPONSES_API_STORE=1` when launching the vLLM server.";
    throw new PodError(400, "invalid_request_error", message, "background");
  }
  if (typeof body.previous_response_id === "string") {
    const message = `Response with id '${body.previous_response_id}' not found.`;
    throw new PodError(404, "invalid_request_error", message, "response_id");
  }
}

/** The input as chat messages, instructions first. */
function conversation(body: Body): unknown[] {
  const { input, instructions } = body;
  if (input === undefined) throw missingField("input", body);
  const first = typeof instructions === "string" ? [{ role: "system", content: instructions }] : [];
  if (typeof input === "string") return [...first, { role: "user", content: input }];
  if (!Array.isArray(input)) throw wrongType("input", "string", input);
  return [...first, ...(input as unknown[]).map(asMessage)];
}

function asMessage(item: unknown): unknown {
  if (!isObject(item)) return { role: "user", content: String(item) };
  if (item.type === "function_call_output") return { role: "tool", content: item.output };
  if (item.type === "function_call") return { role: "assistant", content: null, tool_calls: [item] };
  return { role: item.role ?? "user", content: item.content ?? "" };
}

/** The fields that chat spells differently. */
function asChat(body: Body): Body {
  const text = isObject(body.text) ? body.text.format : undefined;
  return { ...body, n: 1, stop: undefined, response_format: text };
}

type About = { body: Body; id: string; model: string; limit: number; created: number };
type End = { status: "completed" | "incomplete"; usage: unknown };

/** The response object; without an end it is the one that announces what comes. */
function responseOf({ body, id, model, limit, created }: About, output: unknown[], end: End | undefined) {
  const tools = Array.isArray(body.tools) ? body.tools : [];
  return {
    id,
    created_at: created,
    incomplete_details: end?.status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: body.instructions ?? null,
    metadata: body.metadata ?? null,
    model,
    object: "response",
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    temperature: body.temperature ?? 1,
    tool_choice: body.tool_choice ?? (tools.length > 0 ? "auto" : "none"),
    tools,
    top_p: body.top_p ?? 1,
    background: false,
    max_output_tokens: limit,
    max_tool_calls: null,
    previous_response_id: null,
    prompt: null,
    reasoning: body.reasoning ?? null,
    service_tier: "auto",
    status: end?.status ?? "in_progress",
    text: body.text ?? null,
    top_logprobs: null,
    truncation: "disabled",
    usage: end?.usage ?? null,
    user: body.user ?? null,
    presence_penalty: 0,
    frequency_penalty: 0,
    kv_transfer_params: null,
    ec_transfer_params: null,
    input_messages: null,
    output_messages: null,
  };
}

function endOf(exchange: Exchange, generation: Generation): End {
  const status = generation.sequences[0]?.finish === "length" ? "incomplete" : "completed";
  const { quirks } = exchange.failing;
  if (quirks?.["no-usage"]) return { status, usage: null };
  if (quirks?.["bad-usage"]) return { status, usage: { input_tokens: -1, output_tokens: "many", total_tokens: 1e300 } };
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens } = totalOf(generation);
  return {
    status,
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: {
        cached_tokens: cachedTokens,
        cache_write_tokens: 0,
        input_tokens_per_turn: [],
        cached_tokens_per_turn: [],
      },
      output_tokens: completionTokens,
      output_tokens_details: {
        reasoning_tokens: reasoningTokens,
        tool_output_tokens: 0,
        output_tokens_per_turn: [],
        tool_output_tokens_per_turn: [],
      },
      total_tokens: promptTokens + completionTokens,
    },
  };
}
