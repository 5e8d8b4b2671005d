/** How a request ended; `open` until it has, `lost` when its replica died before it could say. */
export const OUTCOMES = [
  "open",
  "completed",
  "client_closed",
  "upstream_error",
  "timeout",
  "rejected",
  "lost",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Where the token counts come from. A guess is never shown as measured. */
export const TOKEN_SOURCES = ["measured", "estimated", "unknown"] as const;
export type TokenSource = (typeof TOKEN_SOURCES)[number];

/** One authenticated request. Never a prompt or an answer. */
export type UsageEvent = {
  /** A UUIDv7; also what goes out in `x-request-id`. */
  requestId: string;
  /** The time inside `requestId`: fixed at birth, so that a replay meets the same row. */
  atMs: number;
  keyId: string;
  secretId: string;
  memberId: string;
  /** Null where no pod was asked. */
  podId: string | null;
  /** Null where no model of ours was named. */
  model: string | null;
  route: string;
  streamed: boolean;
  /** The HTTP status sent; null while open, and where the client left before one. */
  status: number | null;
  outcome: Outcome;
  tokenSource: TokenSource;
  promptTokens: number;
  /** The part of `promptTokens` that came from the prefix cache. */
  cachedTokens: number;
  completionTokens: number;
  queueMs: number | null;
  /** From the pod's being asked to its first token. */
  ttftMs: number | null;
  durationMs: number | null;
  errorCode: string | null;
};

/** The widest numbers an event may carry; the pod's word is not trusted beyond them. */
export const MOST_TOKENS = 1_000_000_000;
export const LONGEST_MS = 7 * 86_400_000;
const LONGEST_TEXT = 256;

/**
 * An event whose every number and text fits its column, whatever it was made from: counts are whole and within range
 * (what is not a count at all becomes 0), the cached part is at most the prompt, durations are never negative.
 */
export function fitting(event: UsageEvent): UsageEvent {
  if (isFitting(event)) return event;
  const promptTokens = count(event.promptTokens);
  return {
    ...event,
    model: text(event.model),
    route: text(event.route) ?? "",
    status: event.status === null ? null : clamp(event.status, 999),
    promptTokens,
    cachedTokens: Math.min(count(event.cachedTokens), promptTokens),
    completionTokens: count(event.completionTokens),
    queueMs: duration(event.queueMs),
    ttftMs: duration(event.ttftMs),
    durationMs: duration(event.durationMs),
    errorCode: text(event.errorCode),
  };
}

/** Nearly every one: then nothing is made anew, twice a request. */
function isFitting(e: UsageEvent) {
  return (
    isCount(e.promptTokens, MOST_TOKENS) &&
    isCount(e.cachedTokens, e.promptTokens) &&
    isCount(e.completionTokens, MOST_TOKENS) &&
    (e.status === null || isCount(e.status, 999)) &&
    (e.queueMs === null || isCount(e.queueMs, LONGEST_MS)) &&
    (e.ttftMs === null || isCount(e.ttftMs, LONGEST_MS)) &&
    (e.durationMs === null || isCount(e.durationMs, LONGEST_MS)) &&
    (e.model === null || isPlain(e.model)) &&
    (e.errorCode === null || isPlain(e.errorCode)) &&
    isPlain(e.route)
  );
}

function isCount(value: number, most: number) {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function isPlain(value: string) {
  return value.length <= LONGEST_TEXT && !/[\0\ud800-\udfff]/.test(value);
}

function clamp(value: number, most: number) {
  return value >= 0 ? Math.min(Math.round(value), most) : 0; // false for NaN too
}

function count(value: number) {
  return clamp(value, MOST_TOKENS);
}

function duration(value: number | null) {
  return value === null ? null : clamp(value, LONGEST_MS);
}

/** PostgreSQL's text holds no NUL, and half a surrogate pair is no UTF-8. */
function text(value: string | null) {
  return value === null ? null : value.slice(0, LONGEST_TEXT).replace(/\0|\p{Surrogate}/gu, "");
}
