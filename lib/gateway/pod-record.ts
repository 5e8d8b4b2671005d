import type { Relayed } from "./forward";
import type { LivePod } from "./live-pod";

/** Answers by which a proxy says that nothing listens behind it. */
const NOBODY_THERE: ReadonlySet<number> = new Set([502, 520, 521, 522, 523, 530]);

/**
 * Notes what a call's end says of its pod; true where the pod is worth a look now. What a caller can bring about alone, such as a
 * request that vLLM fails on, closes the pod to nobody: it raises the suspicion that a probe then clears up, and several in a row
 * send calls to other pods meanwhile, where there are any.
 */
export function noteEnd(pod: LivePod, relayed: Relayed, now: number): boolean {
  const { refusal, clientLeft, podStatus, isUntouched, tokens } = relayed;
  if (refusal === null) {
    if (!clientLeft) {
      pod.breaker.succeed();
      pod.doubts.succeed();
    }
    if (tokens.completion > 0) pod.tokensSeenAt = now;
    return false;
  }
  // A key that is refused says nothing of the pod before the other one was tried.
  if (!refusal.code.startsWith("pod_") || podStatus === 401) return false;
  if (isUntouched || (podStatus !== null && NOBODY_THERE.has(podStatus))) {
    pod.breaker.fail(now);
    return true;
  }
  // Whatever else is wrong, it is there.
  if (podStatus !== null) pod.breaker.succeed();
  pod.doubts.fail(now);
  pod.suspectedAt = now;
  return true;
}
