import type { AppError } from "@/lib/errors";
import type { UsageEvent } from "@/lib/usage/event";
import type { Attempt } from "./attempt";
import type { Client } from "./client";
import type { Forwarding } from "./forward";
import { type LiveCall, NOWHERE } from "./live-calls";

/** A call whose answer is being relayed. `startedAt` is when its pod was asked. */
export class RunningCall implements LiveCall {
  readonly keyId: string;
  readonly isStreamed: boolean;
  readonly startedAt: number;
  readonly client: Client;
  readonly recheck: () => Promise<AppError | null>;
  slot = NOWHERE;
  private readonly attempt: Attempt;
  private readonly forwarding: Forwarding;

  constructor(
    attempt: Attempt,
    isStreamed: boolean,
    client: Client,
    forwarding: Forwarding,
    recheck: () => Promise<AppError | null>,
  ) {
    this.attempt = attempt;
    this.keyId = attempt.caller.keyId;
    this.isStreamed = isStreamed;
    this.startedAt = attempt.askedAt ?? attempt.startedAt;
    this.client = client;
    this.forwarding = forwarding;
    this.recheck = recheck;
  }

  stop(refusal: AppError) {
    this.forwarding.stop(refusal);
  }

  beat(now: number, quietMs: number) {
    this.forwarding.beat(now, quietMs);
  }

  soFar(): UsageEvent | null {
    const tokens = this.forwarding.soFar();
    return tokens && this.attempt.soFar(tokens, performance.now());
  }
}
