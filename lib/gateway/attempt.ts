import type { ErrorCode } from "@/lib/errors";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import type { Outcome, UsageEvent } from "@/lib/usage/event";
import type { Call } from "./check";
import type { Route } from "./routes";
import { NO_TOKENS, type Tokens } from "./tokens";

const NO_HEADERS = Object.freeze({});

/** How a request ended. */
export type Ending = {
  outcome: Exclude<Outcome, "open" | "lost">;
  status: number | null;
  tokens: Tokens;
  errorCode: ErrorCode | null;
};

/** One authenticated request from its credential to its end, and the one usage event it leaves. */
export class Attempt {
  readonly id: string;
  readonly atMs: number;
  readonly route: Route;
  readonly caller: CallerFacts;
  /** The caller's address, once the proxies before it are accounted for. */
  ip: string | null = null;
  call: Call | null = null;
  podId: string | null = null;
  /** What every answer to it carries besides its own: how far the limits are used. */
  limitHeaders: Readonly<Record<string, string>> = NO_HEADERS;
  /** Ms it has waited so far, for a pod to come and for its turn there; told as `queueMs` where there is anything to wait for. */
  waitedMs = 0;
  queueMs: number | null = null;
  /** Monotonic ms at which the pod was asked, and at which its first event came. */
  askedAt: number | null = null;
  firstTokenAt: number | null = null;
  /** Monotonic ms. */
  readonly startedAt: number;

  constructor(id: string, atMs: number, startedAt: number, route: Route, caller: CallerFacts) {
    this.id = id;
    this.atMs = atMs;
    this.startedAt = startedAt;
    this.route = route;
    this.caller = caller;
  }

  /** The event as it stands before the pod is asked. */
  opening(): UsageEvent {
    return this.event({ outcome: "completed", status: null, tokens: NO_TOKENS, errorCode: null }, null, "open");
  }

  /** The event as far as it has come at `now` (monotonic ms), should nobody ever say how it ended: a guess by then. */
  soFar(tokens: Tokens, now: number): UsageEvent {
    const known: Tokens = { ...tokens, source: "estimated" };
    const status = this.call?.isStreamed ? 200 : null;
    return this.event({ outcome: "completed", status, tokens: known, errorCode: null }, now, "open");
  }

  /** The event as it ended at `now` (monotonic ms). */
  ending(ending: Ending, now: number): UsageEvent {
    return this.event(ending, now, ending.outcome);
  }

  private event({ status, tokens, errorCode }: Ending, now: number | null, outcome: Outcome): UsageEvent {
    const { askedAt, firstTokenAt } = this;
    return {
      requestId: this.id,
      atMs: this.atMs,
      keyId: this.caller.keyId,
      secretId: this.caller.secretId,
      memberId: this.caller.memberId,
      podId: this.podId,
      model: this.podId === null ? null : (this.call?.model ?? null),
      route: this.route.path,
      streamed: this.call?.isStreamed ?? false,
      status,
      outcome,
      tokenSource: now === null ? "unknown" : tokens.source,
      promptTokens: tokens.prompt,
      cachedTokens: tokens.cached,
      completionTokens: tokens.completion,
      queueMs: this.queueMs,
      ttftMs: askedAt === null || firstTokenAt === null ? null : Math.round(firstTokenAt - askedAt),
      durationMs: now === null ? null : Math.round(now - this.startedAt),
      errorCode,
    };
  }
}
