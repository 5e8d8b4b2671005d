import type { ConnectionResult, PodProblem } from "./connection";
import type { Gauges } from "./gauges";
import { afterSighting, type PodHealth, type Sighting } from "./health";
import { forgetPreviousKeys, recordPodState } from "./mutations";
import { podsToProbe } from "./queries";
import { lookAtPod } from "./test-connection";
import { probeForToken } from "./token-probe";
import {
  afterLook,
  afterProbe,
  firstProof,
  isProbeDue,
  isQuiet,
  isStuck,
  lacksTokens,
  type TokenProof,
} from "./token-proof";

const DEADLINE_MS = 5_000;

/** So often is it written down that a pod still serves, and how loaded it is where that did not change. */
const SEEN_EVERY_MS = 15_000;
/** A pod whose calls brought tokens this lately is there, however late its `/health` comes: it is busy. */
const BUSY_MS = 15_000;
const BUSY: ReadonlySet<string> = new Set<PodProblem>(["timeout", "broken", "proxy_limit"]);

type ProbedPod = Awaited<ReturnType<typeof podsToProbe>>[number];

/** What the calls of this process tell of a pod. */
export type Evidence = {
  /** When one of them last brought a token, in UTC ms; null: none did. */
  tokensSeenAt(podId: string): number | null;
  /** True where calls went wrong since then in a way that a token would clear up. */
  isSuspect(podId: string): boolean;
  /** Since when there have been calls on it without a break, in UTC ms; null: there are none. */
  busySince(podId: string): number | null;
};

export type PodProbe = (evidence?: Evidence) => Promise<void>;

const NO_EVIDENCE: Evidence = { tokensSeenAt: () => null, isSuspect: () => false, busySince: () => null };

type Serving = Extract<ConnectionResult, { ok: true }>;

type Known = { health: PodHealth | null; proof: TokenProof; isAsking: boolean };

/**
 * Makes the function that looks at every pod once and writes down what changed: state, reason, models, load, last seen. Call it every few
 * seconds, one call after the other. It rejects only when the database can't be reached.
 */
export function createPodProbe({ now = () => new Date() }: { now?: () => Date } = {}): PodProbe {
  const known = new Map<string, Known>();

  function knownOf({ id }: ProbedPod, at: Date): Known {
    let found = known.get(id);
    if (found === undefined) {
      found = { health: null, proof: firstProof(at.getTime()), isAsking: false };
      known.set(id, found);
    }
    return found;
  }

  async function probe(pod: ProbedPod, evidence: Evidence) {
    const { found, gauges } = await lookAtPod(pod, DEADLINE_MS);
    const at = now();
    const memory = knownOf(pod, at);
    const seenElsewhereAt = Math.max(evidence.tokensSeenAt(pod.id) ?? 0, pod.tokensSeenAt?.getTime() ?? 0);
    memory.proof = afterLook(memory.proof, {
      now: at.getTime(),
      seenElsewhereAt: seenElsewhereAt === 0 ? null : seenElsewhereAt,
      running: gauges?.running ?? 0,
      generatedTokens: gauges?.generatedTokens ?? null,
    });
    const isHanging =
      isStuck(memory.proof, at.getTime()) || isQuiet(memory.proof, evidence.busySince(pod.id), at.getTime());
    const isDoubted = isHanging || pod.stateReason === "no_tokens" || evidence.isSuspect(pod.id);
    // Behind a queue a probe would tell how long it is, not whether tokens come.
    const isQueued = (gauges?.waiting ?? 0) > 0 && !isHanging;
    if (found.ok && !isQueued && isProbeDue(memory.proof, isDoubted, at.getTime()))
      void askForToken(pod, memory, found);
    const health = afterSighting(healthOf(pod, memory.health), sightingOf(pod, found, memory.proof, at), at);
    memory.health = health;
    await writeDown(pod, { found, gauges, health, seenAt: memory.proof.seenAt, at });
  }

  /** In nobody's way: the looks go on meanwhile, and the next one knows the answer. */
  async function askForToken(pod: ProbedPod, memory: Known, { models, takesKeyBefore }: Serving) {
    const [model] = models;
    if (memory.isAsking || model === undefined) return;
    memory.isAsking = true;
    const askedAt = now().getTime();
    const apiKey = takesKeyBefore ? pod.previousKey : pod.apiKey;
    const verdict = await probeForToken({ baseUrl: pod.baseUrl, apiKey }, model);
    memory.proof = afterProbe(memory.proof, verdict, askedAt, now().getTime());
    memory.isAsking = false;
  }

  return async function probePods(evidence = NO_EVIDENCE) {
    const pods = await podsToProbe();
    for (const id of known.keys()) if (!pods.some((pod) => pod.id === id)) known.delete(id);
    if (pods.some(({ previousKey }) => previousKey !== null)) await forgetPreviousKeys(now());
    await Promise.all(pods.map((pod) => probe(pod, evidence)));
  };
}

/** What a look means, once it is known whether the pod's calls bring tokens. */
function sightingOf(pod: ProbedPod, found: ConnectionResult, proof: TokenProof, at: Date): Sighting {
  if (!found.ok) {
    const isBusy = pod.state === "serving" && BUSY.has(found.reason) && at.getTime() - (proof.seenAt ?? 0) < BUSY_MS;
    return isBusy ? { ok: true } : { ok: false, reason: found.reason };
  }
  // Whoever found that no tokens come, only a token brings the pod back.
  const isUnproven = pod.stateReason === "no_tokens" && (proof.seenAt ?? 0) <= (pod.stateSince?.getTime() ?? 0);
  return lacksTokens(proof) || isUnproven ? { ok: false, reason: "no_tokens" } : { ok: true };
}

type Seen = {
  found: ConnectionResult;
  gauges: Gauges | null;
  health: PodHealth;
  /** When a token was last seen, in UTC ms. */
  seenAt: number | null;
  at: Date;
};

/** Writes what is new, and now and then what is not. */
async function writeDown(pod: ProbedPod, { found, gauges, health, seenAt, at }: Seen) {
  const isDue = (last: Date | null) => last === null || at.getTime() - last.getTime() >= SEEN_EVERY_MS;
  const models = found.ok && !isSameList(found.models, pod.models) ? found.models : null;
  const lastSeenAt = found.ok && isDue(pod.lastSeenAt) ? at : null;
  const isLoadNew =
    gauges !== null &&
    (isDue(pod.gaugesAt) || gauges.running !== pod.requestsRunning || gauges.waiting !== pod.requestsWaiting);
  const isProofNew = seenAt !== null && seenAt - (pod.tokensSeenAt?.getTime() ?? 0) >= SEEN_EVERY_MS;
  const isChanged = health.state !== pod.state || health.reason !== pod.stateReason;
  if (!isChanged && models === null && lastSeenAt === null && !isLoadNew && !isProofNew) return;
  await recordPodState({
    podId: pod.id,
    baseUrl: pod.baseUrl,
    stateBefore: pod.state,
    health,
    models,
    lastSeenAt,
    gauges: isLoadNew ? { ...gauges, at } : null,
    tokensSeenAt: isProofNew ? new Date(seenAt) : null,
  });
}

/** The state as stored, which another process may have changed, and the leaning this process remembers for it. */
function healthOf({ state, stateSince, stateReason }: ProbedPod, remembered: PodHealth | null): PodHealth {
  const leaning = remembered?.state === state ? remembered.leaning : null;
  return { state, since: stateSince, reason: stateReason, leaning };
}

function isSameList(left: readonly string[], right: readonly string[]) {
  return left.length === right.length && left.every((entry, index) => entry === right[index]);
}
