import { type Fields, isFields, jsonOf } from "./assembly";
import { elementsOf, memberOf } from "./json-spans";
import { withPythonNumbers } from "./python-numbers";

const NO_PROMPT_DETAILS = { cached_tokens: null, created_cache_tokens: null, multimodal_tokens: null };
const METRICS = [
  "time_to_first_token_ms",
  "generation_time_ms",
  "queue_time_ms",
  "mean_itl_ms",
  "tokens_per_second",
  "speculative_decoding",
];

/** What the chunks of a chat or completion stream say about the answer as a whole. */
export class AnswerFrame {
  private id: unknown;
  private created: unknown;
  private model: unknown;
  private fingerprint: unknown;
  private usage: Fields | null = null;
  private metrics = "null";

  take(chunk: Fields, payload: Buffer) {
    this.id ??= chunk.id;
    this.created ??= chunk.created;
    this.model ??= chunk.model;
    this.fingerprint ??= chunk.system_fingerprint;
    if (!Array.isArray(chunk.choices) || chunk.choices.length > 0) return;
    if (isFields(chunk.usage)) this.usage = chunk.usage;
    if (isFields(chunk.metrics)) this.metrics = wholeMetrics(payload);
  }

  /** The answer up to the end of its choices. */
  head(object: string, choices: readonly string[]) {
    const about = `"created":${jsonOf(this.created)},"model":${jsonOf(this.model)}`;
    return `{"id":${jsonOf(this.id)},"object":"${object}",${about},"choices":[${choices.join(",")}]`;
  }

  /** The answer from the end of its choices to the usage. */
  middle() {
    return `,"service_tier":null,"system_fingerprint":${jsonOf(this.fingerprint)},"usage":${wholeUsage(this.usage)}`;
  }

  /** Its end. What moves caches between pods is told in no stream. */
  tail() {
    return `,"kv_transfer_params":null,"ec_transfer_params":null,"metrics":${this.metrics}}`;
  }
}

/** Streams leave out what there isn't, whole answers have it as null. */
function wholeUsage(usage: Fields | null): string {
  if (usage === null) return "null";
  const { prompt_tokens_details: prompt, completion_tokens_details: completion, ...counts } = usage;
  return JSON.stringify({
    ...counts,
    prompt_tokens_details: isFields(prompt) ? { ...NO_PROMPT_DETAILS, ...prompt } : null,
    completion_tokens_details: completion ?? null,
  });
}

function wholeMetrics(payload: Buffer): string {
  const metrics = memberOf(payload, "metrics") ?? Buffer.from("{}");
  const members = METRICS.map((name) => {
    const value = memberOf(metrics, name)?.toString("utf8");
    return `"${name}":${value === undefined ? "null" : withPythonNumbers(value)}`;
  });
  return `{${members.join(",")}}`;
}

/** The log probabilities of a chunk's choice, as they were written: their digits are copied. */
export function logprobsAt(payload: Buffer, at: number): Buffer | null {
  const choices = memberOf(payload, "choices");
  const choice = choices && elementsOf(choices)[at];
  return choice ? memberOf(choice, "logprobs") : null;
}
