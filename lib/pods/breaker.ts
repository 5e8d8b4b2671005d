/** So many failures in a row, with nothing well between them, and a pod is left alone. */
const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 1_000;
/** A pod that came back waits no longer than this for its first call. */
const LONGEST_PAUSE_MS = 8_000;

/**
 * Keeps calls away from a pod that fails them. Closed, everything passes. After failures in a row it opens: nothing passes for a
 * pause, then one call, whose end decides; each failed one makes the pause longer. Times are monotonic ms.
 */
export class Breaker {
  private failures = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private closedUntil = 0;
  private isTrying = false;

  get isOpen(): boolean {
    return this.failures >= FAILURES_TO_OPEN;
  }

  /** Whether a call may pass now. */
  allows(now: number): boolean {
    return this.failures < FAILURES_TO_OPEN || now >= this.closedUntil;
  }

  /** A call passes. While the breaker is open it is the one that is tried: the next may follow a pause later. */
  pass(now: number) {
    if (!this.isOpen) return;
    this.isTrying = true;
    this.closedUntil = now + this.pauseMs;
  }

  succeed() {
    if (this.failures === 0) return;
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
    this.isTrying = false;
  }

  fail(now: number) {
    this.failures += 1;
    if (!this.isOpen) return;
    // Those that were under way when it opened are not tries of their own.
    if (this.isTrying) this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
    this.isTrying = false;
    this.closedUntil = Math.max(this.closedUntil, now + this.pauseMs);
  }

  /** Ms until a call may pass; 0 if one may now. */
  waitMs(now: number): number {
    return this.allows(now) ? 0 : this.closedUntil - now;
  }
}
