import type { TokenSource } from "../usage/event";

/** What a request used. `completion` includes reasoning; `cached` is the part of `prompt` that came from the prefix cache. */
export type Tokens = { prompt: number; cached: number; completion: number; source: TokenSource };

/** No generation was asked for, or none took place. */
export const NO_TOKENS: Tokens = Object.freeze({ prompt: 0, cached: 0, completion: 0, source: "measured" });

/** Something ran, and nobody said how much. */
export const UNKNOWN_TOKENS: Tokens = Object.freeze({ prompt: 0, cached: 0, completion: 0, source: "unknown" });

/** No single request comes near this; a pod that says so is broken. */
const MOST = 100_000_000;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST;

const asRecord = (value: unknown) =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};

/**
 * Tokens from a `usage` object in any of vLLM's three dialects: chat and completions (`prompt_tokens`), Responses and
 * Messages (`input_tokens`). Null unless each number is a whole one in range: what the pod says is not trusted.
 */
export function readUsage(value: unknown): Tokens | null {
  const usage = asRecord(value);
  // Messages count apart what came from the cache and what went into it; elsewhere the prompt includes both.
  const fromCache = usage.cache_read_input_tokens ?? 0;
  const intoCache = usage.cache_creation_input_tokens ?? 0;
  const told = usage.prompt_tokens ?? usage.input_tokens;
  if (!isCount(told) || !isCount(fromCache) || !isCount(intoCache)) return null;
  const prompt = told + fromCache + intoCache;
  const completion = usage.completion_tokens ?? usage.output_tokens ?? 0;
  const details = asRecord(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const cached = details.cached_tokens ?? fromCache;
  if (!isCount(prompt) || !isCount(completion) || !isCount(cached) || cached > prompt) return null;
  return { prompt, cached, completion, source: "measured" };
}
