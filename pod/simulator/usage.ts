import type { Failing } from "./failures";

export type Usage = {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
};

export type Detail = {
  /** The model reasons, so its tokens are told apart. */
  reasoning: boolean;
  /** `prompt_tokens_details`, present only on totals and only when the pod reports it. */
  cached: boolean;
};

/** vLLM's `usage` object as JSON text, in its field order. */
export function usageJson(usage: Usage, detail: Detail, failing: Failing): string {
  const bad = failing.quirks?.["bad-usage"];
  if (bad) return spoiled(usage, bad.variant ?? "negative");
  const { promptTokens, completionTokens } = usage;
  const total = promptTokens + completionTokens;
  let json = `{"prompt_tokens":${promptTokens},"total_tokens":${total},"completion_tokens":${completionTokens}`;
  if (detail.cached) json += `,"prompt_tokens_details":{"cached_tokens":${usage.cachedTokens}}`;
  if (detail.reasoning) json += `,"completion_tokens_details":{"reasoning_tokens":${usage.reasoningTokens}}`;
  return `${json}}`;
}

function spoiled({ promptTokens, completionTokens }: Usage, variant: string): string {
  const numbers: Record<string, [unknown, unknown]> = {
    negative: [-promptTokens, -completionTokens - 1],
    huge: [1e300, 9_007_199_254_740_991],
    string: [String(promptTokens), `${completionTokens}`],
    float: [promptTokens + 0.5, completionTokens + 0.25],
    null: [null, null],
    shrinking: [promptTokens, Math.max(0, 1_000 - completionTokens)],
  };
  const [prompt, completion] = numbers[variant] ?? numbers.negative ?? [];
  return JSON.stringify({ prompt_tokens: prompt, total_tokens: prompt, completion_tokens: completion });
}
