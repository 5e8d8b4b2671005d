import { AppError } from "@/lib/errors";
import type { UsageEvent } from "@/lib/usage/event";
import type { Client } from "./client";

/** A call that is being answered. */
export type LiveCall = {
  keyId: string;
  isStreamed: boolean;
  startedAt: number;
  client: Client;
  stop(refusal: AppError): void;
  /** Whether its caller may still go on; null while nobody can tell. */
  recheck(): Promise<AppError | null>;
  /** Tells a client of a stream that has been quiet for `quietMs` that it is still there. */
  beat(now: number, quietMs: number): void;
  /** Its usage as it stands, for the case that nobody can say how it ends; null while nothing is known. */
  soFar(): UsageEvent | null;
  /** Where it stands among all of them: for `LiveCalls` alone. */
  slot: number;
};

/** A `slot` that is none. */
export const NOWHERE = -1;

/** All in ms. */
export type LiveCallWaits = {
  longestMs: number;
  longestWaitMs: number;
  recheckMs: number;
  heartbeatMs: number;
  sweepMs: number;
};

type Options = Partial<LiveCallWaits> & { now?: () => number };

/** An answer may take this long in all. */
const LONGEST_MS = 15 * 60_000;
/** A client that asked to wait and then reads nothing for so long has gone without a word. */
const LONGEST_WAIT_MS = 60_000;
/** The longest a stream can outlive its key where every notice of the change was lost. */
const RECHECK_MS = 20_000;
/** Proxies between a client and Podpass give up on a silent stream after 30 to 100 s. */
const HEARTBEAT_MS = 15_000;
const SWEEP_MS = 2_000;

export type LiveCalls = ReturnType<typeof createLiveCalls>;

/**
 * Every call between its admission and its end. One timer looks after all of them, so that a stream costs no timer:
 * too long, a client that stopped reading, one that hears nothing for long, a key that was revoked meanwhile.
 */
export function createLiveCalls({
  now = () => performance.now(),
  longestMs = LONGEST_MS,
  longestWaitMs = LONGEST_WAIT_MS,
  recheckMs = RECHECK_MS,
  heartbeatMs = HEARTBEAT_MS,
  sweepMs = SWEEP_MS,
}: Options = {}) {
  // No Set: what leaves one stays in tables that V8 has outgrown, and they keep it alive until the next full collection.
  const calls: LiveCall[] = [];
  const checkedAt = new WeakMap<LiveCall, number>();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  function sweep() {
    const at = now();
    for (const call of [...calls]) {
      call.beat(at, heartbeatMs);
      const { waitingSince } = call.client;
      if (at - call.startedAt > longestMs) {
        call.stop(new AppError("pod_timeout", `An answer may take ${Math.round(longestMs / 60_000)} minutes.`));
      } else if (waitingSince !== null && at - waitingSince > longestWaitMs) {
        call.client.cut();
      } else if (at - (checkedAt.get(call) ?? call.startedAt) > recheckMs) {
        recheck(call, at);
      }
    }
  }

  function recheck(call: LiveCall, at: number) {
    checkedAt.set(call, at);
    // While the database is away nobody can tell, and work in flight goes on.
    call.recheck().then(
      (refusal) => refusal !== null && call.slot !== NOWHERE && call.stop(refusal),
      () => undefined,
    );
  }

  return {
    add(call: LiveCall) {
      call.slot = calls.length;
      calls.push(call);
    },
    remove(call: LiveCall) {
      const last = calls.pop();
      if (last !== undefined && last !== call) {
        calls[call.slot] = last;
        last.slot = call.slot;
      }
      call.slot = NOWHERE;
    },
    size: () => calls.length,
    /** As they are now. */
    all: () => [...calls],
    streams: () => calls.filter(({ isStreamed }) => isStreamed).length,
    /** A key changed: its streams are looked at now. */
    keyChanged(keyIds: readonly string[] | "all") {
      for (const call of [...calls]) if (keyIds === "all" || keyIds.includes(call.keyId)) recheck(call, now());
    },
    /** Ends all that still run, each with an error event that says why. */
    stopAll(refusal: AppError) {
      for (const call of [...calls]) call.stop(refusal);
    },
    close: () => clearInterval(timer),
  };
}
