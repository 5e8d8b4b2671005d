import { randomUUID } from "node:crypto";
import { badRequest } from "./errors";
import type { Exchange } from "./exchange";
import {
  type Body,
  flag,
  isObject,
  optionalInteger,
  readBody,
  readModel,
  readSampling,
  readStream,
  requiredList,
  tokenLimit,
} from "./fields";
import { type Generation, type Sequence, type StreamShape, stream, whole } from "./generation";
import { chatLogprob } from "./logprobs";
import { promptText, renderChat } from "./prompt";
import { hexFrom } from "./seed";
import { compose } from "./sequences";
import { structuredText } from "./structured";
import type { Piece } from "./text";
import { chooseTool } from "./tool-choice";
import { type Detail, type Usage, usageJson } from "./usage";

export type ChatPlan = { generation: Generation; model: string };

/** Reads what all chat-like requests share, and decides every token of the answer. */
export function planChat(
  exchange: Exchange,
  body: Body,
  messages: readonly unknown[],
  maxTokens: number | undefined,
): ChatPlan {
  const { pod, failing } = exchange;
  const model = readModel(exchange, body);
  const sampling = readSampling(body);
  const prompt = renderChat(messages, body.tools);
  const limit = tokenLimit(exchange, prompt.tokens, maxTokens);
  const tool = chooseTool(body, prompt);
  const seed = (prompt.seed ^ pod.options.seed) >>> 0;
  const thinking = isObject(body.chat_template_kwargs) ? body.chat_template_kwargs.enable_thinking !== false : true;
  const sequences = compose({
    seed,
    limit,
    sampling,
    endless: failing.quirks?.endless !== undefined,
    reasoning: pod.options.reasoning && thinking,
    fixed: structuredText(body),
    tool,
  });
  const cachedTokens = pod.options.promptTokensDetails ? cached(exchange, promptText(prompt)) : 0;
  return { model, generation: { sequences, promptTokens: prompt.tokens, cachedTokens, seed } };
}

export function cached({ pod }: Exchange, text: string): number {
  const tokens = pod.prefixes.take(text);
  pod.metrics.prefixCacheHits += tokens;
  return tokens;
}

export const answerId = (prefix: string, exchange: Exchange) =>
  `${prefix}-${exchange.entry.requestId ?? randomUUID().replaceAll("-", "")}`;

export const countReasoning = (sequences: readonly Sequence[]) =>
  sequences.reduce((sum, { pieces }) => sum + pieces.filter(({ kind }) => kind === "reasoning").length, 0);

export const textOf = (pieces: readonly Piece[], kind?: Piece["kind"]) => {
  let text = "";
  for (const piece of pieces) if (piece.kind === kind) text += piece.text;
  return text;
};

export const toolId = (seed: number, index: number) => `chatcmpl-tool-${hexFrom(seed + index, 16)}`;

export function chatCompletions(exchange: Exchange) {
  const body = readBody(exchange);
  const messages = requiredList(body, "messages");
  const wish = readStream(exchange, body);
  const maxTokens = optionalInteger(body, "max_completion_tokens", 1) ?? optionalInteger(body, "max_tokens", 1);
  const logprobs = readLogprobs(body);
  const { generation, model } = planChat(exchange, body, messages, maxTokens);
  const id = answerId("chatcmpl", exchange);
  const created = Math.floor(Date.now() / 1000);
  const head = `{"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)}`;
  if (wish.streamed) stream(exchange, generation, chunks(exchange, generation, head, wish, logprobs));
  else whole(exchange, generation, () => completion(exchange, generation, { id, created, model }, logprobs));
}

/** undefined: not asked for; otherwise how many alternatives. */
function readLogprobs(body: Body): number | undefined {
  const top = optionalInteger(body, "top_logprobs") ?? 0;
  if (top < 0 || top > 20)
    throw badRequest(`Requested sample logprobs of ${top}, which is greater than max allowed: 20`, "top_logprobs");
  const wanted = flag(body, "logprobs");
  if (top > 0 && !wanted)
    throw badRequest("when using `top_logprobs`, `logprobs` must be set to true.", "top_logprobs");
  return wanted ? top : undefined;
}

function chunks(
  exchange: Exchange,
  generation: Generation,
  head: string,
  wish: { usage: boolean; continuous: boolean },
  logprobs: number | undefined,
): StreamShape {
  const { pod, failing } = exchange;
  const { sequences, promptTokens, cachedTokens, seed } = generation;
  const detail: Detail = { reasoning: pod.options.reasoning, cached: false };
  const reasoned = sequences.map(() => 0);
  const usageNow = (completionTokens: number, reasoningTokens: number) =>
    wish.continuous
      ? `,"usage":${usageJson({ promptTokens, completionTokens, cachedTokens, reasoningTokens }, detail, failing)}`
      : "";
  const stamp = () => (pod.options.stampEvents ? `,"sim_at":${performance.timeOrigin + performance.now()}` : "");
  return {
    begin(out) {
      for (const index of sequences.keys()) {
        const choice = `{"index":${index},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}`;
        out.event(`${head},"choices":[${choice}]${usageNow(0, 0)},"prompt_token_ids":null}`, 0);
      }
    },
    token(out, index, piece, at, last) {
      if (piece.kind === "reasoning") reasoned[index] = (reasoned[index] ?? 0) + 1;
      const delta = deltaOf(piece, seed, index);
      const scores = logprobs === undefined ? "null" : JSON.stringify({ content: [chatLogprob(piece, logprobs)] });
      const sequence = sequences[index] as Sequence;
      const finish = last ? `"${sequence.finish}","stop_reason":${JSON.stringify(sequence.stopReason)}` : "null";
      return out.event(
        `${head}${stamp()},"choices":[{"index":${index},"delta":${delta},"logprobs":${scores},"finish_reason":${finish},"token_ids":null}]` +
          `${usageNow(at + 1, reasoned[index] ?? 0)}}`,
        1,
      );
    },
    end(out) {
      if (wish.usage) {
        const total: Usage = {
          promptTokens,
          completionTokens: sequences.reduce((sum, { pieces }) => sum + pieces.length, 0),
          cachedTokens,
          reasoningTokens: countReasoning(sequences),
        };
        const totals = usageJson(total, { ...detail, cached: pod.options.promptTokensDetails }, failing);
        out.event(`${head},"choices":[],"usage":${totals}}`, 0);
      }
      out.end("[DONE]");
    },
  };
}

function deltaOf(piece: Piece, seed: number, index: number): string {
  switch (piece.kind) {
    case "reasoning":
      return `{"reasoning":${piece.json}}`;
    case "tool":
      return `{"tool_calls":[{"id":"${toolId(seed, index)}","type":"function","index":0,"function":{"name":${piece.json},"arguments":""}}]}`;
    case "arguments":
      return `{"tool_calls":[{"index":0,"function":{"arguments":${piece.json}}}]}`;
    default:
      return `{"content":${piece.json}}`;
  }
}

function completion(
  exchange: Exchange,
  { sequences, promptTokens, cachedTokens, seed }: Generation,
  { id, created, model }: { id: string; created: number; model: string },
  logprobs: number | undefined,
): string {
  const { pod, failing } = exchange;
  const choices = sequences.map(({ pieces, finish, stopReason }, index) => {
    const scores = logprobs === undefined ? null : { content: pieces.map((piece) => chatLogprob(piece, logprobs)) };
    const message = messageOf(pieces, seed, index);
    return { index, message, logprobs: scores, finish_reason: finish, stop_reason: stopReason, token_ids: null };
  });
  const total: Usage = {
    promptTokens,
    completionTokens: exchange.entry.producedTokens,
    cachedTokens,
    reasoningTokens: pod.options.reasoning ? countReasoning(sequences) : 0,
  };
  const details = pod.options.promptTokensDetails ? { cached_tokens: cachedTokens } : null;
  const usage = failing.quirks?.["bad-usage"]
    ? usageJson(total, { reasoning: false, cached: false }, failing)
    : JSON.stringify({
        prompt_tokens: promptTokens,
        total_tokens: promptTokens + total.completionTokens,
        completion_tokens: total.completionTokens,
        prompt_tokens_details: details,
        ...(pod.options.reasoning ? { completion_tokens_details: { reasoning_tokens: total.reasoningTokens } } : {}),
      });
  const usagePart = failing.quirks?.["no-usage"] ? "" : `"usage":${usage},`;
  return (
    `{"id":${JSON.stringify(id)},"object":"chat.completion","created":${created},"model":${JSON.stringify(model)},` +
    `"choices":${JSON.stringify(choices)},"service_tier":null,"system_fingerprint":null,${usagePart}` +
    `"prompt_logprobs":null,"prompt_token_ids":null,"kv_transfer_params":null}`
  );
}

function messageOf(pieces: readonly Piece[], seed: number, index: number) {
  const name = textOf(pieces, "tool");
  const reasoning = textOf(pieces, "reasoning") || null;
  const base = {
    role: "assistant",
    content: textOf(pieces),
    refusal: null,
    annotations: null,
    audio: null,
    function_call: null,
  };
  if (name === "") return { ...base, reasoning };
  const call = {
    id: toolId(seed, index),
    type: "function",
    function: { name, arguments: textOf(pieces, "arguments") },
  };
  return { ...base, tool_calls: [call], reasoning };
}
