import { randomInt, randomUUID } from "node:crypto";
import type { UsageEvent } from "@/lib/usage/event";
import { createRequestIds, timeOf } from "@/lib/usage/request-id";

/** A completed request of a random member, with whatever a test wants to be otherwise. `atMs` decides the id. */
export function randomEvent({ atMs = Date.now(), ...given }: Partial<UsageEvent> = {}): UsageEvent {
  const requestId = given.requestId ?? createRequestIds()(atMs); // ids of one maker only grow: this one may lie in the past
  const promptTokens = randomInt(1, 5_000);
  return {
    requestId,
    atMs: timeOf(requestId),
    keyId: randomUUID(),
    secretId: randomUUID(),
    memberId: randomUUID(),
    podId: randomUUID(),
    model: "tiny-llama",
    route: "/v1/chat/completions",
    streamed: true,
    status: 200,
    outcome: "completed",
    tokenSource: "measured",
    promptTokens,
    cachedTokens: randomInt(0, promptTokens),
    completionTokens: randomInt(0, 2_000),
    queueMs: 0,
    ttftMs: randomInt(5, 2_000),
    durationMs: randomInt(2_000, 60_000),
    errorCode: null,
    ...given,
  };
}

/** The same request `ms` after its beginning, still running, with so many tokens so far. */
export function progressOf(event: UsageEvent, ms: number, completionTokens: number): UsageEvent {
  return { ...event, outcome: "open", tokenSource: "estimated", durationMs: ms, completionTokens };
}

/** The same request as its open line says it: nothing is known of its end. */
export function openingOf(event: UsageEvent): UsageEvent {
  return {
    ...event,
    status: null,
    outcome: "open",
    tokenSource: "unknown",
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
    queueMs: null,
    ttftMs: null,
    durationMs: null,
    errorCode: null,
  };
}
