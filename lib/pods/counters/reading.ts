/** Tokens that a pod says it has handled since it started. */
export type CounterReading = { promptTokens: number; completionTokens: number };

const LINE = /^vllm:(prompt|generation)_tokens_total(?:\{[^}\n]*\})? +([^\s]+)/gm;
const MOST = Number.MAX_SAFE_INTEGER;

/** The counters in vLLM's `/metrics`, summed over its engines and models; null where the text has none. */
export function readCounters(text: string): CounterReading | null {
  const sums: Record<string, number> = {};
  for (const [, name = "", written] of text.matchAll(LINE)) {
    const value = Number(written);
    if (Number.isFinite(value) && value >= 0) sums[name] = Math.min(MOST, Math.round((sums[name] ?? 0) + value));
  }
  const { prompt, generation } = sums;
  return prompt === undefined || generation === undefined
    ? null
    : { promptTokens: prompt, completionTokens: generation };
}
