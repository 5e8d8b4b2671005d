/** Failures that take the place of the whole answer. */
export const ANSWER_FAILURES = [
  "hang", // accepts the request and never answers
  "reset", // closes the socket without a byte
  "error-500",
  "unauthorized", // 401, as after a key change on the pod
  "rate-limited", // 429 with retry-after
  "overloaded", // 503 with retry-after
  "bad-gateway", // 502 in HTML, as the proxy in front of a loading pod says it
  "timeout-524", // 524 in HTML, as that proxy says after 100 s
  "engine-dead", // vLLM's 500 when its engine has died
  "leaky-error", // 500 with a heap address, a stack trace, a path and the key in its text
  "leaky-400", // the same as a 400, whose meaning callers need
  "html", // 200 with a web page
  "empty", // 200 with nothing
  "truncated-json", // 200 whose JSON breaks off
  "redirect", // 307 to `location`
  "gzip", // a gzip body nobody asked for
  "status", // `status` with `body`
] as const;

/** Failures inside an answer that is otherwise normal. Several can act at once. */
export const ANSWER_QUIRKS = [
  "silence", // stops after `afterEvents`, keeps the socket
  "cut", // destroys the socket after `afterEvents`
  "end-early", // ends politely after `afterEvents`, without [DONE]
  "stream-error", // an error event after `afterEvents`, then [DONE]
  "endless", // goes on until the client leaves
  "slow-headers", // holds the answer's first byte for `ms`
  "huge-line", // one event of `bytes`
  "garbage-event", // one event that is not JSON
  "split-bytes", // each byte in a write of its own
  "crlf", // CRLF line ends in the stream
  "comments", // SSE comments and blank lines between events
  "merged-events", // every second event is held and written with the next
  "bad-usage", // `variant`: negative, huge, string, float, null, shrinking
  "no-usage", // usage left out everywhere
  "late-usage-only", // no continuous usage, only the last chunk
  "wrong-content-type", // text/plain whatever the body is
  "leaky-headers", // Set-Cookie, Server, internal addresses
] as const;

export type FailureMode = (typeof ANSWER_FAILURES)[number] | (typeof ANSWER_QUIRKS)[number];

/** One thing that goes wrong, and for which requests. Without a condition: for every inference request. */
export type Failure = {
  mode: FailureMode;
  /** Only this path. Without it health, metrics and model lists stay well. */
  path?: string;
  /** Only bodies that contain this text, so that tests running at once don't disturb each other. */
  bodyIncludes?: string;
  /** Only the request with this `x-request-id`. */
  requestId?: string;
  /** Stops acting after so many requests. */
  times?: number;
  afterEvents?: number;
  ms?: number;
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  location?: string;
  retryAfter?: number;
  bytes?: number;
  variant?: "negative" | "huge" | "string" | "float" | "null" | "shrinking";
};

export type Failing = { answer: Failure | undefined; quirks: Partial<Record<FailureMode, Failure>> | undefined };

const NOTHING: Failing = { answer: undefined, quirks: undefined };
const KNOWN: ReadonlySet<string> = new Set([...ANSWER_FAILURES, ...ANSWER_QUIRKS]);
const REPLACES: ReadonlySet<string> = new Set(ANSWER_FAILURES);
const NUMBERS: ReadonlySet<string> = new Set(["times", "afterEvents", "ms", "status", "retryAfter", "bytes"]);

/** The failures in force. */
export class Failures {
  private active: Failure[] = [];

  get list(): readonly Failure[] {
    return this.active;
  }

  add(...failures: Failure[]) {
    for (const failure of failures) {
      if (!KNOWN.has(failure.mode)) throw new Error(`Unknown failure mode "${failure.mode}".`);
      this.active.push({ ...failure });
    }
  }

  heal(mode?: FailureMode) {
    this.active = mode ? this.active.filter((failure) => failure.mode !== mode) : [];
  }

  /** What goes wrong with this request; counts it against `times`. */
  take(path: string, inference: boolean, requestId: string | undefined, body: string): Failing {
    if (this.active.length === 0) return NOTHING;
    const failing: Failing = { answer: undefined, quirks: undefined };
    for (const failure of this.active) {
      if (failure.path === undefined ? !inference : failure.path !== path) continue;
      if (failure.requestId !== undefined && failure.requestId !== requestId) continue;
      if (failure.bodyIncludes !== undefined && !body.includes(failure.bodyIncludes)) continue;
      if (failure.times !== undefined) failure.times -= 1;
      if (REPLACES.has(failure.mode)) failing.answer ??= failure;
      else failing.quirks = { ...failing.quirks, [failure.mode]: failure };
    }
    this.active = this.active.filter((failure) => failure.times === undefined || failure.times > 0);
    return failing;
  }
}

/** Reads `mode:name=value,name=value`, as flags and variables give it. */
export function parseFailure(text: string): Failure {
  const colon = text.indexOf(":");
  const mode = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (!KNOWN.has(mode)) throw new Error(`Unknown failure mode "${mode}". Known: ${[...KNOWN].join(", ")}.`);
  const pairs = colon < 0 ? [] : text.slice(colon + 1).split(",");
  const settings = pairs.map((pair) => {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1);
    return [name, NUMBERS.has(name) ? Number(value) : value];
  });
  return { mode: mode as FailureMode, ...Object.fromEntries(settings) };
}
