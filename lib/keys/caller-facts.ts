import type { MemberId, Role } from "@/lib/auth/member";

/** What may be used at most; null where this row sets no limit of its own. Tokens and money are per calendar month (UTC). */
export type Limits = {
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly concurrency: number | null;
  readonly monthlyTokens: number | null;
  readonly monthlyMicroUsd: number | null;
};

/**
 * What the database says about the holder of one secret. Facts, never a verdict: whether it opens anything is worked
 * out on every request (`verdictOn`). Frozen, and made by a load from the database alone. Times are UTC ms.
 */
export type CallerFacts = {
  readonly keyId: string;
  readonly secretId: string;
  readonly memberId: MemberId;
  readonly keyName: string;
  readonly memberRole: Role;
  readonly secretExpiresAtMs: number | null;
  readonly secretRevokedAtMs: number | null;
  /** When a newer secret of the same key was made: this one was rotated. */
  readonly secretReplacedAtMs: number | null;
  readonly keyExpiresAtMs: number | null;
  readonly keyRevokedAtMs: number | null;
  readonly keyDisabledAtMs: number | null;
  readonly memberDisabledAtMs: number | null;
  /** Empty means all. */
  readonly models: readonly string[];
  /** Empty means anywhere. */
  readonly cidrs: readonly string[];
  /** The key's own. */
  readonly limits: Limits;
  /** The member's ceiling over all of their keys; where null, the policy's for the role. */
  readonly memberLimits: Limits;
  /** How many key changes these facts contain: they are current with respect to every change up to this one. */
  readonly epoch: number;
  /** Monotonic ms, taken before the question was sent: the facts are never older than this says. */
  readonly loadedAt: number;
};

/** The answer to one load: what was found, by digest in latin1, and the epoch up to which all of it, absences included, holds. */
export type LoadedCallers = { readonly epoch: number; readonly found: ReadonlyMap<string, CallerFacts> };
