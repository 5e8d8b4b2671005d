import type { Call } from "./check";
import type { LivePod } from "./live-pod";
import { allowsNeeds } from "./unavailable";

/** Gauges older than this say nothing of the load now. */
const FRESH_MS = 15_000;
/** Over its even share by so much, a pod takes no more calls for the sake of its cache. */
const LOAD_BOUND = 1.25;

type Wish = {
  /** Monotonic ms, for breakers, and UTC ms, for gauges. */
  now: number;
  wallMs: number;
  /** Not these: they were tried. */
  except?: ReadonlySet<LivePod> | undefined;
  /** What calls have in common that should meet the same pod's cache; null: any pod will do. */
  affinity?: string | null | undefined;
};

/**
 * The pod for a call: the least loaded for its weight of those that serve its model, by the calls in flight here and those that wait
 * in vLLM's own queue. With an affinity the same pod as for the calls before, as long as it has not much more than its share. One
 * that fails calls is asked only where no other can be: it has them off its hands sooner than any, and would draw all of them. Null:
 * none can take it now.
 */
export function choosePod(pods: Iterable<LivePod>, call: Call, wish: Wish): LivePod | null {
  let best: LivePod | null = null;
  let least = Infinity;
  let others: LivePod[] | null = null;
  let isTrusted = false;
  for (const pod of pods) {
    if (!takes(pod, call, wish)) continue;
    if (pod.doubts.allows(wish.now) !== isTrusted) {
      if (isTrusted) continue;
      isTrusted = true;
      best = null;
      least = Infinity;
      others = null;
    }
    const load = loadOf(pod, wish.wallMs);
    if (best !== null) others = [...(others ?? [best]), pod];
    if (load < least) {
      best = pod;
      least = load;
    }
  }
  if (others === null || typeof wish.affinity !== "string") return best;
  return closest(others, wish.affinity, wish.wallMs) ?? best;
}

function takes(pod: LivePod, { model, needs }: Call, { now, except }: Wish) {
  const { facts, breaker } = pod;
  if (facts.pausedAtMs !== null || facts.state !== "serving" || !facts.models.includes(model)) return false;
  if (!breaker.allows(now) || except?.has(pod)) return false;
  return needs.length === 0 || allowsNeeds(pod, needs);
}

/** Calls on it and before it, for its weight. */
export function loadOf({ facts, inFlight }: LivePod, wallMs: number): number {
  const isFresh = facts.gaugesAtMs !== null && wallMs - facts.gaugesAtMs < FRESH_MS;
  const waiting = isFresh ? (facts.requestsWaiting ?? 0) : 0;
  return (inFlight + waiting) / Math.max(1, facts.weight);
}

/** Rendezvous hashing: each pod draws a lot for the affinity, so one that comes or goes moves only its own share. */
function closest(pods: readonly LivePod[], affinity: string, wallMs: number): LivePod | null {
  const weightOf = ({ facts }: LivePod) => Math.max(1, facts.weight);
  const callsOn = (pod: LivePod) => loadOf(pod, wallMs) * weightOf(pod);
  const calls = pods.reduce((sum, pod) => sum + callsOn(pod), 0);
  const weights = pods.reduce((sum, pod) => sum + weightOf(pod), 0);
  let best: LivePod | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (const pod of pods) {
    const weight = weightOf(pod);
    const most = Math.ceil((LOAD_BOUND * (calls + 1) * weight) / weights);
    if (callsOn(pod) + 1 > most) continue;
    const score = -weight / Math.log(lotOf(affinity, pod.facts.id));
    if (score > highest) {
      best = pod;
      highest = score;
    }
  }
  return best;
}

/** A number between 0 and 1 that depends on both: FNV-1a, stirred so that ids that differ little draw lots that differ much. */
function lotOf(affinity: string, podId: string): number {
  let hash = 0x811c9dc5;
  const text = `${affinity}\n${podId}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) + 1) / (0x1_0000_0000 + 2);
}
