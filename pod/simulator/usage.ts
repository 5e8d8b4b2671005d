import type { Exchange } from "./exchange";

export type Usage = {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
};

type Protocol = "chat" | "completions";

const base = ({ promptTokens, completionTokens }: Usage) =>
  `"prompt_tokens":${promptTokens},"total_tokens":${promptTokens + completionTokens},"completion_tokens":${completionTokens}`;

const reasoned = (exchange: Exchange, { reasoningTokens }: Usage) =>
  exchange.pod.options.reasoning ? `{"reasoning_tokens":${reasoningTokens}}` : "null";

const spoiledBy = ({ failing }: Exchange) => failing.quirks?.["bad-usage"];

/** `,"usage":…` as it runs through a stream; it never has cached tokens. */
export function runningUsage(exchange: Exchange, protocol: Protocol, usage: Usage): string {
  const bad = spoiledBy(exchange);
  if (bad) return `,"usage":${spoiled(usage, bad.variant)}`;
  const details = protocol === "chat" ? `,"completion_tokens_details":${reasoned(exchange, usage)}` : "";
  return `,"usage":{${base(usage)}${details}}`;
}

/** `,"usage":…` of a stream's last chunk: what there isn't is left out. */
export function finalUsage(exchange: Exchange, protocol: Protocol, usage: Usage): string {
  const bad = spoiledBy(exchange);
  if (bad) return `,"usage":${spoiled(usage, bad.variant)}`;
  const { promptTokensDetails, reasoning } = exchange.pod.options;
  let json = `,"usage":{${base(usage)}`;
  if (promptTokensDetails) {
    const created = protocol === "chat" ? `,"created_cache_tokens":0` : "";
    json += `,"prompt_tokens_details":{"cached_tokens":${usage.cachedTokens}${created}}`;
  }
  if (reasoning && protocol === "chat") json += `,"completion_tokens_details":${reasoned(exchange, usage)}`;
  return `${json}}`;
}

/** `,"usage":…` of a whole answer: what there isn't is null. Nothing at all under the failure `no-usage`. */
export function wholeUsage(exchange: Exchange, protocol: Protocol, usage: Usage): string {
  if (exchange.failing.quirks?.["no-usage"]) return "";
  const bad = spoiledBy(exchange);
  if (bad) return `,"usage":${spoiled(usage, bad.variant)}`;
  const created = protocol === "chat" ? 0 : null;
  const details = exchange.pod.options.promptTokensDetails
    ? `{"cached_tokens":${usage.cachedTokens},"created_cache_tokens":${created},"multimodal_tokens":null}`
    : "null";
  const thought = protocol === "chat" ? reasoned(exchange, usage) : "null";
  return `,"usage":{${base(usage)},"prompt_tokens_details":${details},"completion_tokens_details":${thought}}`;
}

function spoiled({ promptTokens, completionTokens }: Usage, variant = "negative"): string {
  const numbers: Record<string, [unknown, unknown]> = {
    negative: [-promptTokens, -completionTokens - 1],
    huge: [1e300, 9_007_199_254_740_991],
    string: [String(promptTokens), String(completionTokens)],
    float: [promptTokens + 0.5, completionTokens + 0.25],
    null: [null, null],
    shrinking: [promptTokens, Math.max(0, 1_000 - completionTokens)],
  };
  const [prompt, completion] = numbers[variant] ?? [];
  return JSON.stringify({ prompt_tokens: prompt, total_tokens: prompt, completion_tokens: completion });
}
