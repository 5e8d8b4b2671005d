/** What vLLM says of its load at one moment. */
export type Gauges = {
  running: number;
  waiting: number;
  /** The fullest engine's share of KV cache in use, 0 to 1. */
  kvCacheUsage: number | null;
  /** Tokens made since vLLM started: while it grows, tokens come. */
  generatedTokens: number | null;
};

const LINE =
  /^vllm:(num_requests_running|num_requests_waiting|kv_cache_usage_perc|gpu_cache_usage_perc|generation_tokens_total)(?:\{[^}\n]*\})? +([^\s]+)/gm;

/** The load in vLLM's `/metrics`, summed over its engines; null where the text is not vLLM's. */
export function readGauges(text: string): Gauges | null {
  const values = new Map<string, number[]>();
  for (const [, name = "", written] of text.matchAll(LINE)) {
    const value = Number(written);
    if (Number.isFinite(value) && value >= 0) values.set(name, [...(values.get(name) ?? []), value]);
  }
  const sum = (name: string) => values.get(name)?.reduce((total, value) => total + value, 0) ?? null;
  const running = sum("num_requests_running");
  const waiting = sum("num_requests_waiting");
  if (running === null || waiting === null) return null;
  // Before 0.10 the gauge had another name.
  const usage = values.get("kv_cache_usage_perc") ?? values.get("gpu_cache_usage_perc") ?? [];
  return {
    running: whole(running),
    waiting: whole(waiting),
    kvCacheUsage: usage.length === 0 ? null : Math.min(1, Math.max(...usage)),
    generatedTokens: sum("generation_tokens_total"),
  };
}

/** A pod is not trusted with a number that no column holds. */
function whole(value: number) {
  return Math.min(1_000_000, Math.round(value));
}
