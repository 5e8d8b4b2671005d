import { answerId, cached } from "./chat";
import { badRequest, missingField, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { type Body, flag, optionalInteger, readBody, readModel, readSampling, readStream, tokenLimit } from "./fields";
import { type Generation, type Sequence, type StreamShape, stream, whole } from "./generation";
import { completionLogprobs } from "./logprobs";
import { hashText } from "./seed";
import { compose } from "./sequences";
import { structuredText } from "./structured";
import { piecesOf } from "./text";
import { countTokens, decode } from "./tokenizer";
import { type Usage, usageJson } from "./usage";

/** What completions write without `max_tokens`. */
const DEFAULT_MAX_TOKENS = 16;

type Plan = Generation & { prompts: readonly Prompt[]; n: number; echo: boolean; logprobs: number | undefined };
type Prompt = { text: string; tokens: number };

export function completions(exchange: Exchange) {
  const body = readBody(exchange);
  const wish = readStream(exchange, body);
  const model = readModel(exchange, body);
  const plan = planCompletion(exchange, body);
  const id = answerId("cmpl", exchange);
  const created = Math.floor(Date.now() / 1000);
  const head = `{"id":${JSON.stringify(id)},"object":"text_completion","created":${created},"model":${JSON.stringify(model)}`;
  if (wish.streamed) stream(exchange, plan, chunks(exchange, plan, head, wish));
  else whole(exchange, plan, () => completion(exchange, plan, head));
}

function planCompletion(exchange: Exchange, body: Body): Plan {
  const { pod, failing } = exchange;
  const sampling = readSampling(body);
  const prompts = readPrompts(body);
  const asked = optionalInteger(body, "max_tokens", 0) ?? DEFAULT_MAX_TOKENS;
  const logprobs = optionalInteger(body, "logprobs", 0);
  let seed = pod.options.seed;
  const sequences = prompts.flatMap(({ text, tokens }) => {
    const limit = tokenLimit(exchange, tokens, asked);
    seed = hashText(text, seed || undefined);
    return compose({
      seed,
      limit,
      sampling,
      endless: failing.quirks?.endless !== undefined,
      fixed: structuredText(body),
    });
  });
  return {
    sequences,
    prompts,
    n: sampling.n,
    echo: flag(body, "echo"),
    logprobs,
    seed,
    promptTokens: prompts.reduce((sum, { tokens }) => sum + tokens, 0),
    cachedTokens: pod.options.promptTokensDetails ? cached(exchange, prompts[0]?.text ?? "") : 0,
  };
}

/** A string, a list of strings, token ids, or a list of token id lists. */
function readPrompts({ prompt }: Body): Prompt[] {
  if (prompt === undefined || prompt === null) throw missingField("prompt");
  const list = Array.isArray(prompt) && typeof prompt[0] !== "number" ? (prompt as unknown[]) : [prompt];
  if (list.length === 0) throw badRequest("Either prompt or prompt_embeds must be provided and non-empty.", "prompt");
  return list.map((item) => {
    if (typeof item === "string") return { text: item, tokens: Math.max(1, countTokens(item)) };
    if (Array.isArray(item) && item.every((id) => typeof id === "number")) {
      return { text: decode(item as number[]), tokens: item.length };
    }
    throw wrongType("prompt", "string");
  });
}

const echoed = ({ echo, prompts, n }: Plan, index: number) =>
  echo ? (prompts[Math.floor(index / n)]?.text ?? "") : "";

function chunks(
  exchange: Exchange,
  plan: Plan,
  head: string,
  wish: { usage: boolean; continuous: boolean },
): StreamShape {
  const { failing, pod } = exchange;
  const { sequences, prompts, n, logprobs } = plan;
  const offsets = sequences.map((_, index) => echoed(plan, index).length);
  const stamp = () => (pod.options.stampEvents ? `,"sim_at":${performance.timeOrigin + performance.now()}` : "");
  return {
    begin: () => undefined,
    token(out, index, piece, at, last) {
      const sequence = sequences[index] as Sequence;
      const text = at === 0 ? JSON.stringify(echoed(plan, index) + piece.text) : piece.json;
      const scores =
        logprobs === undefined ? "null" : JSON.stringify(completionLogprobs([piece], logprobs, offsets[index] ?? 0));
      offsets[index] = (offsets[index] ?? 0) + piece.text.length;
      const finish = last ? `"${sequence.finish}"` : "null";
      const promptTokens = prompts[Math.floor(index / n)]?.tokens ?? 0;
      const usage = wish.continuous
        ? `,"usage":${usageJson({ promptTokens, completionTokens: at + 1, cachedTokens: 0, reasoningTokens: 0 }, { reasoning: false, cached: false }, failing)}`
        : "";
      return out.event(
        `${head}${stamp()},"choices":[{"index":${index},"text":${text},"logprobs":${scores},"finish_reason":${finish},` +
          `"stop_reason":${last ? JSON.stringify(sequence.stopReason) : "null"},"prompt_token_ids":null,"token_ids":null}]${usage}}`,
        1,
      );
    },
    end(out) {
      if (wish.usage) out.event(`${head},"choices":[],"usage":${totalUsage(exchange, plan)}}`, 0);
      out.end("[DONE]");
    },
  };
}

function totalUsage(exchange: Exchange, plan: Plan): string {
  const usage: Usage = {
    promptTokens: plan.promptTokens,
    completionTokens: plan.sequences.reduce((sum, { pieces }) => sum + pieces.length, 0),
    cachedTokens: plan.cachedTokens,
    reasoningTokens: 0,
  };
  return usageJson(usage, { reasoning: false, cached: exchange.pod.options.promptTokensDetails }, exchange.failing);
}

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
    };
  });
  const { quirks } = exchange.failing;
  const details =
    exchange.pod.options.promptTokensDetails || quirks?.["bad-usage"] ? "" : `,"prompt_tokens_details":null`;
  const usage = quirks?.["no-usage"] ? "" : `"usage":${totalUsage(exchange, plan).replace(/\}$/, `${details}}`)},`;
  return (
    `${head},"choices":${JSON.stringify(choices)},"service_tier":null,"system_fingerprint":null,` +
    `${usage}"kv_transfer_params":null}`
  );
}
