import { namesForbiddenHost } from "../addresses";
import { openPodLine } from "../ask-pod";
import type { PodProbe } from "../probe";
import { type ClaimedPod, claimCounters, recordCounters } from "./mutations";
import { readCounters } from "./reading";

const DEADLINE_MS = 5_000;
/** So often is asked whether a reading is due; each is made once a minute, by one process. */
const LOOK_EVERY_MS = 15_000;

/** A probe that also reads the pods' counters, about once a minute. Their failure is nobody's: the next reading has it all. */
export function withCounters(probe: PodProbe, now = () => performance.now()): PodProbe {
  let lookAgainAt = -Infinity;
  return async (evidence) => {
    await probe(evidence);
    if (now() < lookAgainAt) return;
    lookAgainAt = now() + LOOK_EVERY_MS;
    await sampleCounters().catch(() => undefined);
  };
}

/** Reads the counters of every pod that is due. */
export async function sampleCounters(): Promise<void> {
  await Promise.all((await claimCounters()).map(sample));
}

async function sample(pod: ClaimedPod) {
  if (namesForbiddenHost(pod.baseUrl)) return;
  const { ask, close } = openPodLine(pod.baseUrl, DEADLINE_MS);
  try {
    // vLLM leaves them open: no key is sent where none is needed.
    const { status, body } = await ask({ path: "/metrics", apiKey: null });
    const reading = status === 200 ? readCounters(body) : null;
    if (reading !== null) await recordCounters(pod, reading);
  } catch {
    // A pod that does not answer now is read a minute later.
  } finally {
    await close();
  }
}
