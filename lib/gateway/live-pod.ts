import type { Connections } from "@/lib/http/connections";
import { Breaker } from "@/lib/pods/breaker";
import type { Call } from "./check";
import type { Upstream } from "./forward";
import type { PodFacts } from "./queries";

/** A pod that can be asked. */
export type LivePod = {
  facts: PodFacts;
  connections: Connections;
  /** `Bearer …` of the key that worked last, or null where the pod asks for none. */
  authorization: string | null;
  /** While the key is being changed: the other one. */
  otherAuthorization: string | null;
  /** The path under which the pod's API lies, for pods behind a path; usually empty. */
  basePath: string;
  inFlight: number;
  /** Monotonic ms since which there have been calls in flight without a break; says nothing while there are none. */
  busySince: number;
  /** Closed to calls while nobody is met there. */
  breaker: Breaker;
  /** While this is open, a call that another pod can take as well goes there: calls have met it and failed. */
  doubts: Breaker;
  /** Monotonic ms at which a call last brought a token, and at which one last failed as if there were none. */
  tokensSeenAt: number;
  suspectedAt: number;
};

export function newPod(facts: PodFacts, connections: Connections, basePath: string): LivePod {
  return {
    facts,
    connections,
    authorization: null,
    otherAuthorization: null,
    basePath,
    inFlight: 0,
    busySince: Number.NEGATIVE_INFINITY,
    breaker: new Breaker(),
    doubts: new Breaker(),
    tokensSeenAt: Number.NEGATIVE_INFINITY,
    suspectedAt: Number.NEGATIVE_INFINITY,
  };
}

/** Takes over the keys as they are stored now; of two that are tried, the one that worked stays the first. */
export function setKeys(pod: LivePod, present: string | null, before: string | null) {
  const isBeforeInUse = before !== null && pod.authorization === before;
  pod.authorization = isBeforeInUse ? before : present;
  pod.otherAuthorization = isBeforeInUse ? present : before;
}

/**
 * After the pod refused a key: true where there is another to try, which is the first from now on. A refusal means that no work
 * was begun.
 */
export function tryOtherKey(pod: LivePod, refused: string | null): boolean {
  // Another call has found out already.
  if (pod.authorization !== refused) return true;
  if (pod.otherAuthorization === null) return false;
  pod.authorization = pod.otherAuthorization;
  pod.otherAuthorization = refused;
  return true;
}

/** How a call reaches its pod. The path is the route's own constant. */
export function upstreamOf(pod: LivePod, call: Call): Upstream {
  return { connections: pod.connections, path: pod.basePath + call.route.path, authorization: pod.authorization };
}
