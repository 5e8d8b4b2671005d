/** Why limits are not what people were told: Redis does not answer, or another replica counts for itself. */
export type LimitsTrouble = "redis_away" | "not_shared";

/** For operators, in `/readyz`. */
export const TROUBLE_WORDS: Readonly<Record<LimitsTrouble, string>> = {
  redis_away: "Redis is away: limits are divided by the replicas, and calls that a budget applies to are refused",
  not_shared: "another Podpass runs on this database and REDIS_URL is not set: each keeps limits of its own",
};

export function limitsTrouble(limits: { isRedisAway: boolean; areLimitsShared: boolean }): LimitsTrouble | null {
  if (limits.isRedisAway) return "redis_away";
  return limits.areLimitsShared ? null : "not_shared";
}

type Options = {
  current: () => LimitsTrouble | null;
  /** Writes it beside the replica's heartbeat; false where that has no row yet. */
  write: (trouble: LimitsTrouble | null) => Promise<boolean>;
  everyMs?: number;
};

/** Keeps the dashboard told of this process' trouble with its limits: written when it changes, and never twice. */
export function tellLimitsTrouble({ current, write, everyMs = 2_000 }: Options) {
  let told: LimitsTrouble | null = null;
  let isWriting = false;

  async function tell() {
    const trouble = current();
    if (isWriting || trouble === told) return;
    isWriting = true;
    // A database that is away shows no dashboard either; the next round tries again.
    if (await write(trouble).catch(() => false)) told = trouble;
    isWriting = false;
  }

  const timer = setInterval(() => void tell(), everyMs).unref();
  return { close: () => clearInterval(timer) };
}
