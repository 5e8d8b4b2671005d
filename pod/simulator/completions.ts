import { badRequest, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import {
  type Body,
  flag,
  optionalInteger,
  readBody,
  readModel,
  readSampling,
  readStream,
  refuseHuge,
  type StreamWish,
  tokenLimit,
} from "./fields";
import { type Generation, type Sequence, type StreamShape, stamp, stream, sumTokens, whole } from "./generation";
import { answerId, FINGERPRINT } from "./identity";
import { completionLogprobs } from "./logprobs";
import { hashText } from "./seed";
import { compose } from "./sequences";
import { structuredText } from "./structured";
import { piecesOf } from "./text";
import { countTokens, decode, encode } from "./tokenizer";
import { finalUsage, runningUsage, type Usage, wholeUsage } from "./usage";

/** What completions write without `max_tokens`. */
const DEFAULT_MAX_TOKENS = 16;

type Prompt = { text: string; tokens: number };
type Plan = Generation & { list: readonly Prompt[]; n: number; echo: boolean; logprobs: number | undefined };

export function completions(exchange: Exchange) {
  const body = readBody(exchange);
  const wish = readStream(exchange, body);
  const model = readModel(exchange, body);
  const plan = planCompletion(exchange, body);
  const head =
    `{"id":${JSON.stringify(answerId("cmpl", exchange))},"object":"text_completion",` +
    `"created":${Math.floor(Date.now() / 1000)},"model":${JSON.stringify(model)}`;
  if (wish.streamed) stream(exchange, plan, chunks(exchange, plan, head, wish));
  else whole(exchange, plan, () => completion(exchange, plan, head));
}

function planCompletion(exchange: Exchange, body: Body): Plan {
  const { pod, failing } = exchange;
  const sampling = readSampling(body);
  const list = readPrompts(body);
  const echo = flag(body, "echo");
  // Zero is taken with an echo alone, and still makes one token.
  const asked = Math.max(1, optionalInteger(body, "max_tokens", echo ? 0 : 1) ?? DEFAULT_MAX_TOKENS);
  const logprobs = optionalInteger(body, "logprobs", 0);
  let seed = pod.options.seed;
  const sequences = list.flatMap(({ text, tokens }) => {
    refuseHuge(exchange, text.length);
    const limit = tokenLimit(exchange, tokens, asked);
    seed = hashText(text, seed || undefined);
    const endless = failing.quirks?.endless !== undefined;
    return compose({ seed, limit, sampling, endless, fixed: structuredText(body) });
  });
  return {
    sequences,
    list,
    prompts: list.length,
    n: sampling.n,
    echo,
    logprobs,
    seed,
    promptTokens: list.reduce((sum, { tokens }) => sum + tokens, 0),
    cachedTokens: pod.options.promptTokensDetails ? pod.prefixes.take(list[0]?.text ?? "") : 0,
  };
}

/** A string, a list of strings, token ids, or a list of token id lists. */
function readPrompts({ prompt }: Body): Prompt[] {
  const list = Array.isArray(prompt) && typeof prompt[0] !== "number" ? (prompt as unknown[]) : [prompt];
  if (prompt === undefined || prompt === null || prompt === "" || list.length === 0) {
    throw badRequest("Either prompt or prompt_embeds must be provided and non-empty.", "prompt");
  }
  return list.map((item) => {
    if (typeof item === "string") return { text: item, tokens: Math.max(1, countTokens(item)) };
    if (Array.isArray(item) && item.every((id) => typeof id === "number")) {
      return { text: decode(item as number[]), tokens: item.length };
    }
    throw wrongType("prompt", "string", item);
  });
}

const promptOf = ({ list, n }: Plan, index: number) => list[Math.floor(index / n)];
const echoed = (plan: Plan, index: number) => (plan.echo ? (promptOf(plan, index)?.text ?? "") : "");

function chunks(exchange: Exchange, plan: Plan, head: string, wish: StreamWish): StreamShape {
  const { sequences, logprobs } = plan;
  const offsets = sequences.map((_, index) => echoed(plan, index).length);
  const sign = wish.usage ? "" : `,"system_fingerprint":"${FINGERPRINT}"`;
  return {
    begin: () => undefined,
    token(out, index, piece, at, last) {
      const sequence = sequences[index] as Sequence;
      const text = at === 0 && plan.echo ? JSON.stringify(echoed(plan, index) + piece.text) : piece.json;
      const offset = offsets[index] ?? 0;
      offsets[index] = offset + piece.text.length;
      const scores = logprobs === undefined ? "null" : JSON.stringify(completionLogprobs([piece], logprobs, offset));
      const finish = last ? `"${sequence.finish}"` : "null";
      const stopped = last ? JSON.stringify(sequence.stopReason) : "null";
      const promptTokens = promptOf(plan, index)?.tokens ?? 0;
      const usage = wish.continuous
        ? runningUsage(exchange, "completions", {
            promptTokens,
            completionTokens: at + 1,
            cachedTokens: 0,
            reasoningTokens: 0,
          })
        : "";
      const choice =
        `{"index":${index},"text":${text},"logprobs":${scores},"finish_reason":${finish},"stop_reason":${stopped},` +
        `"prompt_token_ids":${at === 0 && plan.echo ? JSON.stringify(encode(echoed(plan, index))) : "null"},"token_ids":null}`;
      return out.event(`${head}${stamp(exchange)},"choices":[${choice}]${usage}${last ? sign : ""}}`, 1);
    },
    end(out) {
      if (wish.usage) {
        const usage = finalUsage(exchange, "completions", totalOf(plan));
        out.event(`${head},"choices":[]${usage},"system_fingerprint":"${FINGERPRINT}"}`, 0);
      }
      out.end("[DONE]");
    },
  };
}

const totalOf = ({ promptTokens, cachedTokens, sequences }: Plan): Usage => ({
  promptTokens,
  cachedTokens,
  completionTokens: sumTokens(sequences),
  reasoningTokens: 0,
});

function completion(exchange: Exchange, plan: Plan, head: string): string {
  const { sequences, logprobs } = plan;
  const choices = sequences.map(({ pieces, finish, stopReason }, index) => {
    const before = echoed(plan, index);
    const scored = before === "" ? pieces : [...piecesOf(before), ...pieces];
    return {
      index,
      text: before + pieces.map(({ text }) => text).join(""),
      logprobs: logprobs === undefined ? null : completionLogprobs(scored, logprobs, 0),
      finish_reason: finish,
      stop_reason: stopReason,
      token_ids: null,
      prompt_logprobs: null,
      prompt_token_ids: null,
      routed_experts: null,
    };
  });
  return (
    `${head},"choices":${JSON.stringify(choices)},"service_tier":null,"system_fingerprint":"${FINGERPRINT}"` +
    `${wholeUsage(exchange, "completions", totalOf(plan))},"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null}`
  );
}
