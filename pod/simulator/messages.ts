import { planChat, textOf, toolId, totalOf } from "./chat";
import { badRequest, invalidField, missingField, PodError } from "./errors";
import type { Exchange } from "./exchange";
import { type Body, flag, isObject, optionalInteger, readBody, readModel, requiredList } from "./fields";
import { type Generation, type Sequence, type StreamShape, stream, whole } from "./generation";
import { answerId } from "./identity";
import { renderChat } from "./prompt";
import { hexFrom } from "./seed";
import type { SseWriter } from "./sse-writer";
import type { Piece } from "./text";

/** Anthropic's Messages API, as vLLM offers it. It has no running usage and ignores `stream_options`. */
export function messages(exchange: Exchange) {
  const body = readBody(exchange);
  const list = requiredList(body, "messages");
  for (const field of ["model", "max_tokens"]) if (body[field] === undefined) throw missingField(field, body);
  if (typeof body.max_tokens === "number" && body.max_tokens <= 0) {
    const reason = "max_tokens must be positive";
    const context = `, 'ctx': {'error': ValueError('${reason}')}`;
    throw invalidField("max_tokens", "value_error", `Value error, ${reason}`, body.max_tokens, context);
  }
  translated(exchange, () => {
    const tokens = optionalInteger(body, "max_tokens", 1);
    const plan = planChat(exchange, asChat(body), withSystem(body, list), { tokens, field: "max_completion_tokens" });
    const { generation, model } = plan;
    const id = answerId("chatcmpl", exchange);
    if (flag(body, "stream")) stream(exchange, generation, events(exchange, generation, id, model));
    else whole(exchange, generation, () => JSON.stringify(message(exchange, generation, id, model)));
  });
}

export function countTokens(exchange: Exchange) {
  const body = readBody(exchange);
  const list = requiredList(body, "messages");
  translated(exchange, () => {
    readModel(exchange, body);
    const { tokens } = renderChat(withSystem(body, list), asChat(body).tools);
    exchange.json(200, { input_tokens: tokens, context_management: { original_input_tokens: tokens } });
  });
}

/** What vLLM itself refuses comes in Anthropic's shape, with vLLM's names; what its validation refuses doesn't. */
function translated(exchange: Exchange, work: () => void) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PodError) || error.type === "Bad Request") throw error;
    exchange.json(error.status, { type: "error", error: { type: error.type, message: error.message } });
  }
}

function withSystem({ system }: Body, list: readonly unknown[]): unknown[] {
  return system === undefined || system === null ? [...list] : [{ role: "system", content: system }, ...list];
}

/** The fields that chat spells differently. */
function asChat(body: Body): Body {
  const choice = body.tool_choice;
  const kind = isObject(choice) ? choice.type : undefined;
  if (kind === "tool" && isObject(choice) && typeof choice.name !== "string") {
    throw badRequest("tool_choice.name is required when type is 'tool'", "tool_choice");
  }
  const named = isObject(choice) ? { type: "function", function: { name: choice.name } } : undefined;
  const choices: Record<string, unknown> = { any: "required", tool: named, none: "none", auto: "auto" };
  return {
    ...body,
    n: 1,
    stop: body.stop_sequences,
    tool_choice: typeof kind === "string" ? choices[kind] : undefined,
  };
}

function stopOf({ pieces, finish, stopReason }: Sequence) {
  if (stopReason !== null) return { stop_reason: "stop_sequence", stop_sequence: stopReason };
  if (pieces.some(({ kind }) => kind === "tool")) return { stop_reason: "tool_use", stop_sequence: null };
  return { stop_reason: finish === "length" ? "max_tokens" : "end_turn", stop_sequence: null };
}

/** Cached tokens are counted apart here, and left out of `input_tokens`. */
function usageOf(exchange: Exchange, generation: Generation) {
  const { promptTokens, completionTokens, cachedTokens } = totalOf(generation);
  if (exchange.failing.quirks?.["bad-usage"]) return { input_tokens: -1, output_tokens: 1e300 };
  if (!exchange.pod.options.promptTokensDetails) return { input_tokens: promptTokens, output_tokens: completionTokens };
  return {
    input_tokens: promptTokens - cachedTokens,
    output_tokens: completionTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
  };
}

function message(exchange: Exchange, generation: Generation, id: string, model: string) {
  const { sequences, seed } = generation;
  const [sequence] = sequences as [Sequence];
  const thinking = textOf(sequence.pieces, "reasoning");
  const tool = textOf(sequence.pieces, "tool");
  const text = textOf(sequence.pieces);
  const content: unknown[] = [];
  if (thinking !== "") content.push({ type: "thinking", thinking, signature: hexFrom(seed, 32) });
  if (text !== "" || tool === "") content.push({ type: "text", text });
  if (tool !== "") {
    const input: unknown = parseInput(textOf(sequence.pieces, "arguments"));
    content.push({ type: "tool_use", id: toolId(seed, 0), name: tool, input });
  }
  const { stop_reason, stop_sequence } = stopOf(sequence);
  const stopped = stop_sequence === null ? { stop_reason } : { stop_reason, stop_sequence };
  const usage = exchange.failing.quirks?.["no-usage"] ? {} : { usage: usageOf(exchange, generation) };
  return { id, type: "message", role: "assistant", content, model, ...stopped, ...usage };
}

/** Arguments that the token limit cut are not JSON. */
function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

type Block = "text" | "thinking" | "tool_use";

const blockOf = (piece: Piece): Block | undefined => {
  if (piece.kind === "reasoning") return "thinking";
  if (piece.kind === "tool" || piece.kind === "arguments") return "tool_use";
  return piece.text === "" ? undefined : "text";
};

function events(exchange: Exchange, generation: Generation, id: string, model: string): StreamShape {
  const { sequences, promptTokens, seed } = generation;
  const [sequence] = sequences as [Sequence];
  let open: Block | undefined;
  let index = 0;
  const send = (out: SseWriter, name: string, fields: string, tokens = 0) =>
    out.event(`{"type":"${name}"${fields}}`, tokens, name);

  const closeBlock = (out: SseWriter) => {
    if (open === undefined) return;
    if (open === "thinking") {
      const delta = `{"type":"signature_delta","signature":"${hexFrom(seed, 32)}"}`;
      send(out, "content_block_delta", `,"delta":${delta},"index":${index}`);
    }
    send(out, "content_block_stop", `,"index":${index}`);
    open = undefined;
    index += 1;
  };

  const openBlock = (out: SseWriter, block: Block, piece: Piece) => {
    closeBlock(out);
    open = block;
    const starts: Record<Block, string> = {
      text: `{"type":"text","text":""}`,
      thinking: `{"type":"thinking","thinking":""}`,
      tool_use: `{"type":"tool_use","id":"${toolId(seed, 0)}","name":${piece.json},"input":{}}`,
    };
    return send(
      out,
      "content_block_start",
      `,"content_block":${starts[block]},"index":${index}`,
      block === "tool_use" ? 1 : 0,
    );
  };

  return {
    begin(out) {
      const usage = exchange.failing.quirks?.["no-usage"]
        ? ""
        : `,"usage":{"input_tokens":${promptTokens},"output_tokens":0}`;
      const start =
        `{"id":${JSON.stringify(id)},"type":"message","role":"assistant","content":[],"model":${JSON.stringify(model)},` +
        `"stop_reason":null,"stop_sequence":null${usage}}`;
      send(out, "message_start", `,"message":${start}`);
    },
    token(out, _sequence, piece) {
      const block = blockOf(piece);
      if (block === undefined) return out.silent(1);
      if (piece.kind === "tool") return openBlock(out, block, piece);
      if (open !== block && !openBlock(out, block, piece)) return false;
      const deltas: Record<Block, string> = {
        text: `{"type":"text_delta","text":${piece.json}}`,
        thinking: `{"type":"thinking_delta","thinking":${piece.json}}`,
        tool_use: `{"type":"input_json_delta","partial_json":${piece.json}}`,
      };
      return send(out, "content_block_delta", `,"delta":${deltas[block]},"index":${index}`, 1);
    },
    end(out) {
      closeBlock(out);
      const usage = exchange.failing.quirks?.["no-usage"]
        ? ""
        : `,"usage":${JSON.stringify(usageOf(exchange, generation))}`;
      send(out, "message_delta", `,"delta":${JSON.stringify(stopOf(sequence))}${usage}`);
      send(out, "message_stop", "");
      out.end();
    },
  };
}
