import { afterSighting, type PodHealth } from "./health";
import { recordPodState } from "./mutations";
import { podsToProbe } from "./queries";
import { testPodConnection } from "./test-connection";

const DEADLINE_MS = 5_000;

/** So often is it written down that a pod still serves; its page shows nothing finer. */
const SEEN_EVERY_MS = 15_000;

type ProbedPod = Awaited<ReturnType<typeof podsToProbe>>[number];

/**
 * Makes the function that looks at every pod once and writes down what changed: state, reason, models, last seen. Call it every few seconds, one call
 * after the other. It rejects only when the database can't be reached.
 */
export function createPodProbe({ now = () => new Date() }: { now?: () => Date } = {}): () => Promise<void> {
  const lastHealth = new Map<string, PodHealth>();

  async function probe(pod: ProbedPod) {
    const found = await testPodConnection(pod, { deadlineMs: DEADLINE_MS });
    const at = now();
    const health = afterSighting(healthOf(pod, lastHealth.get(pod.id)), found, at);
    lastHealth.set(pod.id, health);
    const models = found.ok && !isSameList(found.models, pod.models) ? found.models : null;
    const isSeenLately = pod.lastSeenAt !== null && at.getTime() - pod.lastSeenAt.getTime() < SEEN_EVERY_MS;
    const lastSeenAt = found.ok && !isSeenLately ? at : null;
    const isChanged = health.state !== pod.state || health.reason !== pod.stateReason;
    if (!isChanged && models === null && lastSeenAt === null) return;
    await recordPodState({ podId: pod.id, baseUrl: pod.baseUrl, health, models, lastSeenAt });
  }

  return async function probePods() {
    const pods = await podsToProbe();
    for (const id of lastHealth.keys()) if (!pods.some((pod) => pod.id === id)) lastHealth.delete(id);
    await Promise.all(pods.map(probe));
  };
}

/** The state as stored, which another process may have changed, and the leaning this process remembers for it. */
function healthOf({ state, stateSince, stateReason }: ProbedPod, remembered: PodHealth | undefined): PodHealth {
  const leaning = remembered?.state === state ? remembered.leaning : null;
  return { state, since: stateSince, reason: stateReason, leaning };
}

function isSameList(left: readonly string[], right: readonly string[]) {
  return left.length === right.length && left.every((entry, index) => entry === right[index]);
}
