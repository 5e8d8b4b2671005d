import type { Meters } from "./ask";

/** The headers that say how far a minute's limits are used, as OpenAI's clients read them. */
export function limitHeaders({ requests, tokens }: Meters): Record<string, string> {
  // Names in full: one that is put together is looked up among all names there are, for each answer anew.
  const headers: Record<string, string> = {};
  if (requests !== null) {
    headers["x-ratelimit-limit-requests"] = String(requests.limit);
    headers["x-ratelimit-remaining-requests"] = String(requests.remaining);
    headers["x-ratelimit-reset-requests"] = resetText(requests.resetMs);
  }
  if (tokens !== null) {
    headers["x-ratelimit-limit-tokens"] = String(tokens.limit);
    headers["x-ratelimit-remaining-tokens"] = String(tokens.remaining);
    headers["x-ratelimit-reset-tokens"] = resetText(tokens.resetMs);
  }
  return headers;
}

/** Whole seconds, rounded up: `1s`, `6m0s`. */
export function resetText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
