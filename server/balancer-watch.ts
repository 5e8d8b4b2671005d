/** Asked so often within so long, `/readyz` is a balancer's and not somebody's who looked once. */
const ASKED = 3;
const LATELY_MS = 30_000;
/** Some balancers believe the third refusal only; what they had sent on its way by then arrives within the moment after. */
const TOLD = 3;
const AFTERWARDS_MS = 250;
const LONGEST_MS = 10_000;

/**
 * Watches who asks whether this process is ready. Work that a balancer sends before it has heard of a stop would be refused in
 * vain, so a stop waits until it has been told; where no balancer asks, there is nothing to wait for.
 */
export function createBalancerWatch({ now = () => performance.now() }: { now?: () => number } = {}) {
  const readyAt: number[] = [];
  let told = 0;
  let onTold: (() => void) | undefined;

  return {
    /** To be told the status of each answer about readiness. */
    answered(status: number) {
      if (status === 200) {
        readyAt.push(now());
        if (readyAt.length > ASKED) readyAt.shift();
        return;
      }
      told += 1;
      if (told >= TOLD) onTold?.();
    },
    /** To be called when readiness has begun to say no. Settles when new work may be refused: true if a balancer was waited for. */
    heard(longestMs = LONGEST_MS): Promise<boolean> {
      const isAsked = readyAt.length === ASKED && now() - (readyAt[0] ?? 0) <= LATELY_MS;
      if (!isAsked || longestMs <= 0) return Promise.resolve(false);
      told = 0;
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(true), Math.min(longestMs, LONGEST_MS));
        onTold = () => {
          onTold = undefined;
          clearTimeout(timer);
          setTimeout(() => resolve(true), AFTERWARDS_MS);
        };
      });
    },
  };
}
