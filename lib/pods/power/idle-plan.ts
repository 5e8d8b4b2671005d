const MINUTE_MS = 60_000;
/** Half of the idle time at most: somebody is told while there is time to say no. */
const LONGEST_WARNING_MS = 5 * MINUTE_MS;
/** A stop that failed is tried again after this. */
const RETRY_MS = 5 * MINUTE_MS;
/** Nobody has looked for so long: what was done meanwhile is unknown, and the time begins anew. */
const UNWATCHED_MS = MINUTE_MS;

export type IdleFacts = {
  state: string;
  stateSince: Date | null;
  stopAfterMinutes: number | null;
  stopAfterSince: Date | null;
  /** When it was last seen at work. */
  usedAt: Date | null;
  awakeUntil: Date | null;
  stopFailedAt: Date | null;
};

export type IdlePlan = { stopsAt: Date; isWarned: boolean; isDue: boolean };

/** When an idle pod is stopped, if nothing uses it until then. Null: it is not to be stopped. */
export function idlePlan(facts: IdleFacts, now: Date): IdlePlan | null {
  const { state, stateSince, stopAfterMinutes, stopAfterSince, usedAt, awakeUntil, stopFailedAt } = facts;
  if (state !== "serving" || stopAfterMinutes === null || stateSince === null) return null;
  const idleSince = Math.max(stateSince.getTime(), stopAfterSince?.getTime() ?? 0, usedAt?.getTime() ?? 0);
  const stopsAt = Math.max(
    idleSince + stopAfterMinutes * MINUTE_MS,
    awakeUntil?.getTime() ?? 0,
    stopFailedAt === null ? 0 : stopFailedAt.getTime() + RETRY_MS,
  );
  const warning = Math.min(LONGEST_WARNING_MS, (stopAfterMinutes * MINUTE_MS) / 2);
  return {
    stopsAt: new Date(stopsAt),
    isWarned: now.getTime() >= stopsAt - warning,
    isDue: now.getTime() >= stopsAt,
  };
}

/** The last use as far as it is sure: where nobody looked for a while, there may have been some until now. */
export function lastUse(seenAt: Date | null, checkedAt: Date | null, now: Date): Date | null {
  const isWatched = checkedAt !== null && now.getTime() - checkedAt.getTime() <= UNWATCHED_MS;
  return isWatched ? seenAt : now;
}
