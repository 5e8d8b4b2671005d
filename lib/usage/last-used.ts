import type { SecretUse } from "./mutations";

const ONCE_EVERY_MS = 60_000;

/** Collects the newest use of each secret and hands out, at most once a minute a secret, what is worth writing. */
export function createLastUsed() {
  const uses = new Map<string, SecretUse>();
  const writtenAtMs = new Map<string, number>();

  function saw(use: SecretUse) {
    const newest = uses.get(use.secretId);
    if (newest === undefined || newest.atMs <= use.atMs) uses.set(use.secretId, use);
  }

  return {
    saw,
    /** What is due at `nowMs`; what was written less than a minute ago waits. */
    take(nowMs: number): SecretUse[] {
      for (const [secretId, at] of writtenAtMs) if (nowMs - at >= ONCE_EVERY_MS) writtenAtMs.delete(secretId);
      const due = [...uses.values()].filter(({ secretId }) => !writtenAtMs.has(secretId));
      for (const { secretId } of due) {
        uses.delete(secretId);
        writtenAtMs.set(secretId, nowMs);
      }
      return due;
    },
    /** What could not be written after all. */
    putBack(taken: SecretUse[]) {
      for (const use of taken) {
        writtenAtMs.delete(use.secretId);
        const newest = uses.get(use.secretId);
        if (newest === undefined || newest.atMs < use.atMs) uses.set(use.secretId, use);
      }
    },
    /** Everything not yet written, at the end. */
    takeAll(): SecretUse[] {
      const rest = [...uses.values()];
      uses.clear();
      return rest;
    },
  };
}
