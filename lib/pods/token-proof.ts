import type { TokenVerdict } from "./token-probe";

/** What one process knows of whether a pod produces tokens. All times are UTC ms. */
export type TokenProof = {
  /** When this was begun. */
  since: number;
  /** When a token was last seen; null: none yet. */
  seenAt: number | null;
  /** What vLLM's counter of tokens said, and since when it has not moved although work runs. */
  counted: number | null;
  stillSince: number | null;
  askedAt: number;
  /** Probes in a row that brought none. */
  failures: number;
};

type LookedAt = {
  now: number;
  /** When anybody last saw a token: another process, or the calls that passed through this one. */
  seenElsewhereAt: number | null;
  running: number;
  generatedTokens: number | null;
};

/** While calls are answered nothing is asked; an idle pod is asked this often. */
const IDLE_MS = 15 * 60_000;
/** A pod under suspicion is asked this often; one that has just failed a probe is asked once more soon, while calls go to it. */
const AGAIN_MS = 15_000;
const CONFIRM_MS = 2_000;
/** Work that runs for so long without one token is suspicious; reading a long prompt takes less. */
const STUCK_MS = 2 * 60_000;
/** One lost probe is no failure. */
const PROBES_TO_FAIL = 2;

export function firstProof(now: number): TokenProof {
  return { since: now, seenAt: null, counted: null, stillSince: null, askedAt: Number.NEGATIVE_INFINITY, failures: 0 };
}

/** What is known after a look at the pod's counters. A counter that moved is a token seen, whoever it was for. */
export function afterLook(proof: TokenProof, { now, seenElsewhereAt, running, generatedTokens }: LookedAt): TokenProof {
  const hasMoved = proof.counted !== null && generatedTokens !== null && generatedTokens !== proof.counted;
  // After a restart it counts from nought.
  const isSeen = hasMoved && generatedTokens > 0;
  const seenAt = isSeen ? now : later(proof.seenAt, seenElsewhereAt);
  const isStill = running > 0 && generatedTokens !== null && generatedTokens === proof.counted;
  return {
    ...proof,
    seenAt,
    counted: generatedTokens,
    stillSince: isStill ? (proof.stillSince ?? now) : null,
    failures: seenAt === proof.seenAt ? proof.failures : 0,
  };
}

/** Work runs, and for long none of it has brought a token. */
export function isStuck({ stillSince }: TokenProof, now: number): boolean {
  return stillSince !== null && now - stillSince >= STUCK_MS;
}

/** Calls have been on it without a break since `busySince`, and for long nobody has seen a token of it; vLLM may not even count them. */
export function isQuiet({ seenAt }: TokenProof, busySince: number | null, now: number): boolean {
  return busySince !== null && now - Math.max(busySince, seenAt ?? 0) >= STUCK_MS;
}

/** Whether to ask for a token now. `isSuspect`: calls went wrong since the last one was seen. */
export function isProbeDue(proof: TokenProof, isSuspect: boolean, now: number): boolean {
  const isDoubted = isSuspect || proof.failures > 0 || isStuck(proof, now);
  const isHalfProven = proof.failures > 0 && proof.failures < PROBES_TO_FAIL;
  if (isDoubted) return now - proof.askedAt >= (isHalfProven ? CONFIRM_MS : AGAIN_MS);
  return now - Math.max(proof.seenAt ?? proof.since, proof.askedAt) >= IDLE_MS;
}

/** What is known after a probe that was sent at `askedAt` came back. */
export function afterProbe(proof: TokenProof, verdict: TokenVerdict, askedAt: number, now: number): TokenProof {
  if (verdict === "unclear") return { ...proof, askedAt, failures: 0 };
  if (verdict === "tokens") return { ...proof, askedAt, seenAt: now, failures: 0 };
  // Tokens that came meanwhile, for whomever, say more than a probe that was lost.
  return { ...proof, askedAt, failures: (proof.seenAt ?? 0) > askedAt ? 0 : proof.failures + 1 };
}

const later = (one: number | null, other: number | null) =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

/** True where a pod that answers produces nothing. */
export function lacksTokens({ failures }: TokenProof): boolean {
  return failures >= PROBES_TO_FAIL;
}
