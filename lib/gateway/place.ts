import type { Permit } from "@/lib/limits/admit";
import { trueUse } from "@/lib/limits/reservation";
import type { Turn } from "@/lib/pods/queue";
import type { Attempt } from "./attempt";
import type { Call } from "./check";
import type { LivePod } from "./live-pod";
import { NO_TOKENS, type Tokens } from "./tokens";

/**
 * What a call holds while it runs: its caller's permit, and a place at one pod, which it may leave for another. However often it moves and
 * however it ends, each pod's place and the permit are given back exactly once.
 */
export class Place {
  /** Which calls it is meant to share a cache with. */
  readonly affinity: string | null;
  /** The credential the pod was last asked with. */
  authorization: string | null = null;
  private at: LivePod | null = null;
  private turn: Turn | null = null;
  private isThere = false;
  private readonly attempt: Attempt;
  private readonly call: Call;
  private readonly permit: Permit;

  constructor(attempt: Attempt, call: Call, permit: Permit, affinity: string | null) {
    this.attempt = attempt;
    this.call = call;
    this.permit = permit;
    this.affinity = affinity;
  }

  /** Where the call is, or was last. */
  get pod(): LivePod {
    if (this.at === null) throw new Error("the call has not been at any pod");
    return this.at;
  }

  /** Whoever waits for a pod counts as its load: the next call may find another one free. */
  arrive(pod: LivePod) {
    this.at = pod;
    this.isThere = true;
    if (pod.inFlight === 0) pod.busySince = performance.now();
    pod.inFlight += 1;
  }

  begin(turn: Turn) {
    this.turn = turn;
  }

  leave(tokens: Tokens = NO_TOKENS) {
    if (!this.isThere) return;
    this.isThere = false;
    this.pod.inFlight -= 1;
    this.turn?.done(tokens);
    this.turn = null;
  }

  /** Gives everything back, told the tokens really used. */
  release(tokens: Tokens) {
    this.leave(tokens);
    if (this.attempt.askedAt === null) this.permit.giveBack();
    else this.permit.settle(trueUse(tokens, this.call));
  }
}
