import { AppError } from "@/lib/errors";
import { digestOf } from "@/lib/keys/secret";
import { verdictOn } from "@/lib/keys/verdict";
import type { createAskAgain } from "./ask-again";
import { assembledCall } from "./assembled-call";
import type { Attempt } from "./attempt";
import type { Callers } from "./callers";
import type { Call } from "./check";
import type { Client, GatewayRequest } from "./client";
import { credentialOf, unknownKey } from "./credential";
import { forward, type Patience, type Relayed } from "./forward";
import type { LiveCalls } from "./live-calls";
import { upstreamOf } from "./live-pod";
import type { Place } from "./place";
import { noteEnd } from "./pod-record";
import type { Roster } from "./roster";
import { RunningCall } from "./running-call";

type Options = {
  askAgain: ReturnType<typeof createAskAgain>;
  callers: Pick<Callers, "get" | "dbNow">;
  liveCalls: Pick<LiveCalls, "add" | "remove">;
  patience: Patience;
  pepper: Uint8Array;
  roster: Pick<Roster, "look">;
};

/**
 * Makes the pipeline's `forward` step: asks the pod where the call has its place, and others where that one cannot have begun.
 * Throws why the caller may no longer call, if the key ended while its call waited.
 */
export function createRelayCall({ askAgain, callers, liveCalls, patience, pepper, roster }: Options) {
  async function recheck(digest: Buffer): Promise<AppError | null> {
    const facts = await callers.get(digest);
    if (facts === null) return unknownKey();
    const verdict = verdictOn(facts, callers.dbNow());
    return verdict.ok ? null : new AppError(verdict.code, verdict.message);
  }

  /** A session that ended stops its stream as a revoked key does. */
  async function recheckProof(prove: () => Promise<Buffer>): Promise<AppError | null> {
    try {
      return await recheck(await prove());
    } catch (error) {
      if (error instanceof AppError && error.answer.status < 500) return error;
      throw error;
    }
  }

  return async function relay(
    attempt: Attempt,
    call: Call,
    place: Place,
    client: Client,
    request: GatewayRequest,
    isAgain = false,
  ): Promise<Relayed> {
    // Hashed again only for those who waited or stream for long: most calls are over before.
    const recheckCaller = () =>
      request.prove === undefined
        ? recheck(digestOf(credentialOf(request.headers, attempt.route.dialect), pepper))
        : recheckProof(request.prove);
    // A key may have been revoked while its call waited.
    const ended = attempt.queueMs === null || attempt.queueMs === 0 ? null : await recheckCaller();
    if (ended !== null) throw ended;
    attempt.askedAt = performance.now();
    const { pod } = place;
    const upstream = upstreamOf(pod, call);
    place.authorization = upstream.authorization;
    // Before a proxy that gives up on silence, only a stream shows that the pod is at work.
    const assembled = pod.facts.behindProxyAtMs === null ? null : assembledCall(call);
    const forwarding = forward({
      requestId: attempt.id,
      call,
      assembled,
      upstream,
      client,
      patience,
      limitHeaders: attempt.limitHeaders,
      traceparent: request.headers.traceparent?.[0],
      onFirstToken: () => {
        attempt.firstTokenAt = performance.now();
        pod.tokensSeenAt = attempt.firstTokenAt;
      },
    });
    const live = new RunningCall(attempt, call.isStreamed || assembled !== null, client, forwarding, recheckCaller);
    liveCalls.add(live);
    // It never rejects.
    const ending = await forwarding.relayed;
    liveCalls.remove(live);
    if (noteEnd(pod, ending, performance.now())) void roster.look();
    if (!ending.isUntouched || isAgain) return ending;
    const ask = () => relay(attempt, call, place, client, request, true);
    return askAgain({ attempt, call, place, client, ask }, ending);
  };
}
