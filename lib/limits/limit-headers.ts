import type { Meter, Meters } from "./ask";

/** The headers that say how far a minute's limits are used, as OpenAI's clients read them. */
export function limitHeaders({ requests, tokens }: Meters): Record<string, string> {
  const headers: Record<string, string> = {};
  if (requests !== null) add(headers, "requests", requests);
  if (tokens !== null) add(headers, "tokens", tokens);
  return headers;
}

function add(headers: Record<string, string>, what: "requests" | "tokens", { limit, remaining, resetMs }: Meter) {
  headers[`x-ratelimit-limit-${what}`] = String(limit);
  headers[`x-ratelimit-remaining-${what}`] = String(remaining);
  headers[`x-ratelimit-reset-${what}`] = resetText(resetMs);
}

/** Whole seconds, rounded up: `1s`, `6m0s`. */
export function resetText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
