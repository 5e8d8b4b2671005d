/** Fewer requests in an hour than this are never unusual. */
export const FEWEST_UNUSUAL = 100;
const TIMES_THE_AVERAGE = 10;
const TIMES_THE_BUSIEST = 2;

/** A key's hours: the average of those in which it was used, and the busiest. */
export type UsualHour = { average: number; busiest: number };

/** Whether an hour is far from a key's usual: ten of its average hours, two of its busiest, and worth a word at all. */
export function isUnusual(requests: number, { average, busiest }: UsualHour): boolean {
  return (
    requests >= FEWEST_UNUSUAL && requests >= TIMES_THE_AVERAGE * average && requests > TIMES_THE_BUSIEST * busiest
  );
}

const KEPT_MS = 6 * 3_600_000;
const MOST_KEPT = 50_000;

export type UsualHours = ReturnType<typeof createUsualHours>;

/** Remembers for six hours what is usual for a key; null: it has no history yet. Two weeks of usage are not read every minute. */
export function createUsualHours() {
  const known = new Map<string, { usual: UsualHour | null; readAtMs: number }>();

  return {
    /** Undefined where it has to be read. */
    of(keyId: string, nowMs: number): UsualHour | null | undefined {
      const entry = known.get(keyId);
      return entry === undefined || nowMs - entry.readAtMs >= KEPT_MS ? undefined : entry.usual;
    },
    remember(keyId: string, usual: UsualHour | null, nowMs: number) {
      known.delete(keyId);
      if (known.size >= MOST_KEPT) for (const oldest of [...known.keys()].slice(0, MOST_KEPT / 8)) known.delete(oldest);
      known.set(keyId, { usual, readAtMs: nowMs });
    },
  };
}
