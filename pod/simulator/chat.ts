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
  refuseHuge,
  requiredList,
  type StreamWish,
  tokenLimit,
} from "./fields";
import { type Generation, type Sequence, type StreamShape, stamp, stream, sumTokens, whole } from "./generation";
import { answerId, FINGERPRINT } from "./identity";
import { chatLogprob } from "./logprobs";
import { promptText, renderChat } from "./prompt";
import { hexFrom } from "./seed";
import { compose } from "./sequences";
import { structuredText } from "./structured";
import type { Piece } from "./text";
import { chooseTool } from "./tool-choice";
import { finalUsage, runningUsage, type Usage, wholeUsage } from "./usage";

export type ChatPlan = { generation: Generation; model: string };

/** Reads what all chat-like requests share, and decides every token of the answer. */
export function planChat(
  exchange: Exchange,
  body: Body,
  messages: readonly unknown[],
  max: { tokens: number | undefined; field: string },
): ChatPlan {
  const { pod, failing } = exchange;
  const model = readModel(exchange, body);
  const sampling = readSampling(body);
  if (typeof body.chat_template === "string") {
    throw badRequest(
      "Chat template is passed with request, but --trust-request-chat-template is not set. " +
        "Refused request with untrusted chat template.",
    );
  }
  const prompt = renderChat(messages, body.tools);
  refuseHuge(exchange, prompt.characters);
  const limit = tokenLimit(exchange, prompt.tokens, max.tokens, max.field);
  const seed = (prompt.seed ^ pod.options.seed) >>> 0;
  const sequences = compose({
    seed,
    limit,
    sampling,
    endless: failing.quirks?.endless !== undefined,
    reasoning: pod.options.reasoning && thinks(body),
    fixed: structuredText(body),
    tool: chooseTool(body, prompt),
  });
  const cachedTokens = pod.options.promptTokensDetails ? pod.prefixes.take(promptText(prompt)) : 0;
  return { model, generation: { sequences, promptTokens: prompt.tokens, prompts: 1, cachedTokens, seed } };
}

const thinks = ({ chat_template_kwargs: wish }: Body) => !isObject(wish) || wish.enable_thinking !== false;

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
  const field = body.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens";
  const max = { field, tokens: optionalInteger(body, field, 1) };
  const logprobs = readLogprobs(body);
  const { generation, model } = planChat(exchange, body, messages, max);
  const head = (object: string) =>
    `{"id":${JSON.stringify(answerId("chatcmpl", exchange))},"object":"${object}",` +
    `"created":${Math.floor(Date.now() / 1000)},"model":${JSON.stringify(model)}`;
  if (wish.streamed) {
    stream(exchange, generation, chunks(exchange, generation, head("chat.completion.chunk"), wish, logprobs));
  } else {
    const isForced = isObject(body.tool_choice) || body.tool_choice === "required";
    const shape = { head: head("chat.completion"), logprobs, isForced };
    whole(exchange, generation, () => completion(exchange, generation, shape));
  }
}

/** undefined: not asked for; otherwise how many alternatives. */
function readLogprobs(body: Body): number | undefined {
  const top = optionalInteger(body, "top_logprobs") ?? 0;
  const wanted = flag(body, "logprobs");
  if (top > 0 && !wanted)
    throw badRequest("when using `top_logprobs`, `logprobs` must be set to true.", "top_logprobs");
  if (top > 20) {
    throw badRequest(`Requested sample logprobs of ${top}, which is greater than max allowed: 20`, "logprobs", top);
  }
  return wanted ? Math.max(0, top) : undefined;
}

function chunks(
  exchange: Exchange,
  generation: Generation,
  head: string,
  wish: StreamWish,
  logprobs: number | undefined,
): StreamShape {
  const { sequences, promptTokens, cachedTokens, seed } = generation;
  const thought = sequences.map(() => 0);
  const usageNow = (completionTokens: number, reasoningTokens: number) =>
    wish.continuous
      ? runningUsage(exchange, "chat", { promptTokens, completionTokens, cachedTokens, reasoningTokens })
      : "";
  const sign = wish.usage ? "" : `,"system_fingerprint":"${FINGERPRINT}"`;
  return {
    begin(out) {
      for (const index of sequences.keys()) {
        const choice = `{"index":${index},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}`;
        out.event(`${head},"choices":[${choice}]${usageNow(0, 0)},"prompt_token_ids":null,"prompt_text":null}`, 0);
      }
    },
    token(out, index, piece, at, last) {
      if (piece.kind === "reasoning") thought[index] = (thought[index] ?? 0) + 1;
      // A token without text makes no chunk of its own, unless its log probability was asked for.
      if (piece.text === "" && !last && logprobs === undefined) return out.silent(1);
      const scores = logprobs === undefined ? "null" : `{"content":[${JSON.stringify(chatLogprob(piece, logprobs))}]}`;
      const finish = last ? finishOf(sequences[index] as Sequence) : "null";
      const choice = `{"index":${index},"delta":${deltaOf(piece, seed, index)},"logprobs":${scores},"finish_reason":${finish},"token_ids":null}`;
      const usage = usageNow(at + 1, thought[index] ?? 0);
      return out.event(`${head}${stamp(exchange)},"choices":[${choice}]${usage}${last ? sign : ""}}`, 1);
    },
    end(out) {
      if (wish.usage) {
        const usage = finalUsage(exchange, "chat", totalOf(generation));
        out.event(`${head},"choices":[]${usage},"system_fingerprint":"${FINGERPRINT}"}`, 0);
      }
      out.end("[DONE]");
    },
  };
}

const finishOf = ({ finish, stopReason }: Sequence) => `"${finish}","stop_reason":${JSON.stringify(stopReason)}`;

export const totalOf = ({ sequences, promptTokens, cachedTokens }: Generation): Usage => ({
  promptTokens,
  cachedTokens,
  completionTokens: sumTokens(sequences),
  reasoningTokens: sequences.reduce(
    (sum, { pieces }) => sum + pieces.filter(({ kind }) => kind === "reasoning").length,
    0,
  ),
});

function deltaOf(piece: Piece, seed: number, index: number): string {
  switch (piece.kind) {
    case "end":
      return "{}";
    case "reasoning":
      return `{"reasoning":${piece.json}}`;
    case "tool": {
      const call = `{"id":"${toolId(seed, index)}","type":"function","index":0,"function":{"name":${piece.json}}}`;
      return `{"content":null,"tool_calls":[${call}]}`;
    }
    case "arguments":
      return `{"content":null,"tool_calls":[{"index":0,"function":{"arguments":${piece.json}}}]}`;
    default:
      return piece.text === "" ? "{}" : `{"content":${piece.json}}`;
  }
}

type WholeShape = { head: string; logprobs: number | undefined; isForced: boolean };

function completion(exchange: Exchange, generation: Generation, { head, logprobs, isForced }: WholeShape): string {
  const { sequences, seed } = generation;
  const choices = sequences.map(({ pieces, finish, stopReason }, index) => ({
    index,
    message: messageOf(pieces, seed, index, isForced),
    logprobs: logprobs === undefined ? null : { content: pieces.map((piece) => chatLogprob(piece, logprobs)) },
    finish_reason: finish,
    stop_reason: stopReason,
    token_ids: null,
    routed_experts: null,
  }));
  return (
    `${head},"choices":${JSON.stringify(choices)},"service_tier":null,"system_fingerprint":"${FINGERPRINT}"` +
    `${wholeUsage(exchange, "chat", totalOf(generation))},"prompt_logprobs":null,"prompt_token_ids":null,` +
    `"prompt_text":null,"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null}`
  );
}

/** Beside a call there is no text: an empty one where the call was forced, none where the model chose. */
function messageOf(pieces: readonly Piece[], seed: number, index: number, isForced: boolean) {
  const name = textOf(pieces, "tool");
  const content = textOf(pieces) || (name === "" || isForced ? "" : null);
  const base = { role: "assistant", content, refusal: null, annotations: null, audio: null, function_call: null };
  const reasoning = textOf(pieces, "reasoning") || null;
  if (name === "") return { ...base, reasoning };
  const call = {
    id: toolId(seed, index),
    type: "function",
    function: { name, arguments: textOf(pieces, "arguments") },
  };
  return { ...base, tool_calls: [call], reasoning };
}
