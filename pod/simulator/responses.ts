import { planChat, textOf, toolId, totalOf } from "./chat";
import { missingField, PodError, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { type Body, flag, isObject, optionalInteger, readBody } from "./fields";
import { type Generation, type Sequence, type StreamShape, stream, whole } from "./generation";
import { newId } from "./identity";
import type { SseWriter } from "./sse-writer";
import type { Piece } from "./text";

/** OpenAI's Responses API, as vLLM offers it without its response store: usage comes with the end alone. */
export function responses(exchange: Exchange) {
  const body = readBody(exchange);
  refuseStored(body);
  const field = "max_output_tokens";
  const max = { tokens: optionalInteger(body, field, 1), field };
  const { generation, model } = planChat(exchange, asChat(body), conversation(body), max);
  const id = typeof body.request_id === "string" ? body.request_id : `resp_${newId()}`;
  const limit = max.tokens ?? exchange.pod.options.maxModelLen - generation.promptTokens;
  const frame = frameOf({ body, id, model, limit });
  if (flag(body, "stream")) stream(exchange, generation, events(exchange, generation, frame));
  else {
    const ids = newIds();
    whole(exchange, generation, () => JSON.stringify(frame(outputOf(generation, ids), endOf(exchange, generation))));
  }
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

type Ids = { reasoning: string; message: string; call: string };
type End = { status: "completed" | "incomplete"; usage: unknown };
type Frame = (output: unknown[], end: End | undefined) => Record<string, unknown>;

const newIds = (): Ids => ({
  reasoning: `rs_${newId()}`,
  message: `msg_${newId()}`,
  call: `fc_${newId()}`,
});

/** The response object, at its beginning (without an end) and at its end. */
function frameOf({ body, id, model, limit }: { body: Body; id: string; model: string; limit: number }): Frame {
  const created = Math.floor(Date.now() / 1000);
  const tools = Array.isArray(body.tools) ? body.tools : [];
  return (output, end) => ({
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
  });
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

const outputText = (text: string, logprobs: unknown = null) => ({
  annotations: [],
  text,
  type: "output_text",
  logprobs,
});

const messageItem = (id: string, content: unknown[], status: string) => ({
  id,
  content,
  role: "assistant",
  status,
  type: "message",
  phase: null,
});

const callItem = (id: string, { seed }: Generation, name: string, args: string, status: string) => ({
  arguments: args,
  call_id: toolId(seed, 0),
  name,
  type: "function_call",
  id,
  async: null,
  caller: null,
  namespace: null,
  status,
});

const reasoningItem = (id: string, text: string | undefined, status: string) => ({
  id,
  summary: [],
  type: "reasoning",
  content: text === undefined ? null : [{ text, type: "reasoning_text" }],
  encrypted_content: null,
  status,
});

function outputOf(generation: Generation, ids: Ids): unknown[] {
  const pieces = generation.sequences[0]?.pieces ?? [];
  const [thought, text, name] = [textOf(pieces, "reasoning"), textOf(pieces), textOf(pieces, "tool")];
  const output: unknown[] = [];
  if (thought !== "") output.push(reasoningItem(ids.reasoning, thought, "completed"));
  if (text !== "") output.push(messageItem(ids.message, [outputText(text)], "completed"));
  if (name !== "") output.push(callItem(ids.call, generation, name, textOf(pieces, "arguments"), "completed"));
  return output;
}

type Part = "reasoning" | "message" | "call";

const partOf = (piece: Piece): Part | undefined => {
  if (piece.kind === "reasoning") return "reasoning";
  if (piece.kind === "tool" || piece.kind === "arguments") return "call";
  return piece.text === "" ? undefined : "message";
};

function events(exchange: Exchange, generation: Generation, frame: Frame): StreamShape {
  const { sequences } = generation;
  const { pieces } = (sequences as [Sequence])[0];
  const ids = newIds();
  const name = textOf(pieces, "tool");
  let sequence = 0;
  let open: Part | undefined;
  let output = 0;

  /** The fields in vLLM's order: `sequence_number`, `type` and few others come last. */
  const send = (out: SseWriter, type: string, fields: Record<string, unknown>, tokens = 0) => {
    const { text, name, ...first } = fields;
    const data = JSON.stringify({ ...first, sequence_number: sequence, text, type, name });
    sequence += 1;
    return out.event(data, tokens, type);
  };
  const at = (part: "reasoning" | "message") => ({ content_index: 0, item_id: ids[part], output_index: output });

  const openPart = (out: SseWriter, part: Part) => {
    closePart(out);
    open = part;
    const items = {
      reasoning: () => reasoningItem(ids.reasoning, undefined, "in_progress"),
      message: () => messageItem(ids.message, [], "in_progress"),
      call: () => callItem(ids.call, generation, name, "", "in_progress"),
    };
    // A call's name is a token of its own, and leaves with the item.
    send(out, "response.output_item.added", { item: items[part](), output_index: output }, part === "call" ? 1 : 0);
    if (part === "message") send(out, "response.content_part.added", { ...at(part), part: outputText("", []) });
    if (part === "reasoning") {
      send(out, "response.reasoning_part.added", { ...at(part), part: { text: "", type: "reasoning_text" } });
    }
  };

  const closePart = (out: SseWriter) => {
    if (open === undefined) return;
    const done = (item: unknown) => send(out, "response.output_item.done", { item, output_index: output });
    if (open === "message") {
      const text = textOf(pieces);
      const { content_index, item_id, output_index } = at(open);
      send(out, "response.output_text.done", { content_index, item_id, logprobs: [], output_index, text });
      send(out, "response.content_part.done", { ...at(open), part: outputText(text) });
      done(messageItem(ids.message, [outputText(text)], "completed"));
    } else if (open === "reasoning") {
      const text = textOf(pieces, "reasoning");
      send(out, "response.reasoning_text.done", { ...at(open), text });
      send(out, "response.reasoning_part.done", { ...at(open), part: { text, type: "reasoning_text" } });
      done(reasoningItem(ids.reasoning, text, "completed"));
    } else {
      const args = textOf(pieces, "arguments");
      send(out, "response.function_call_arguments.done", {
        arguments: args,
        item_id: ids.call,
        output_index: output,
        name,
      });
      done(callItem(ids.call, generation, name, args, "completed"));
    }
    open = undefined;
    output += 1;
  };

  const delta = (out: SseWriter, part: Part, text: string) => {
    if (part === "call") {
      const fields = { delta: text, item_id: ids.call, output_index: output };
      return send(out, "response.function_call_arguments.delta", fields, 1);
    }
    const { content_index, item_id, output_index } = at(part);
    if (part === "reasoning") {
      return send(out, "response.reasoning_text.delta", { content_index, delta: text, item_id, output_index }, 1);
    }
    return send(
      out,
      "response.output_text.delta",
      { content_index, delta: text, item_id, logprobs: [], output_index },
      1,
    );
  };

  return {
    begin(out) {
      send(out, "response.created", { response: frame([], undefined) });
      send(out, "response.in_progress", { response: frame([], undefined) });
    },
    token(out, _sequence, piece) {
      const part = partOf(piece);
      if (part === undefined) return out.silent(1);
      if (open !== part) openPart(out, part);
      if (out.stopped) return false;
      return piece.kind === "tool" ? true : delta(out, part, piece.text);
    },
    end(out) {
      closePart(out);
      send(out, "response.completed", { response: frame(outputOf(generation, ids), endOf(exchange, generation)) });
      out.end();
    },
  };
}
