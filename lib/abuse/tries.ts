/** Tries from one source, one after the other, that nobody minds: a program with a mistyped key makes some of them too. */
export const MOST_TRIES = 60;
/** So many a second are forgotten again. */
const FORGOTTEN_PER_SECOND = 1;
/** Whoever goes on for hours is forgotten within two minutes of stopping, like everybody else. */
const FULL = 2 * MOST_TRIES;
/** One report a source in this time, not one a try. */
const REPORT_AGAIN_MS = 3_600_000;
/** Sources remembered at once: beyond, those that were heard of longest ago go first. */
const MOST_SOURCES = 10_000;

type Tries = { level: number; at: number; reportedAt: number; sinceReport: number };

type Options = {
  /** Monotonic ms. */
  now: () => number;
  /** A source went over the limit, for the first time in an hour; `count` tries since the report before, if there was one. */
  onFlood?: (source: string, count: number) => void;
  most?: number;
  mostSources?: number;
};

/** Tries by source: a level that each one raises and time lowers. A fixed amount of memory, whoever tries whatever. */
export function createTries({ now, onFlood, most = MOST_TRIES, mostSources = MOST_SOURCES }: Options) {
  // In the order of their newest try, so that the quietest stand first.
  const bySource = new Map<string, Tries>();
  let quietFrom = -Infinity;

  function count(source: string) {
    const at = now();
    const known = bySource.get(source);
    const tries = known ?? { level: 0, at, reportedAt: -Infinity, sinceReport: 0 };
    if (known !== undefined) bySource.delete(source);
    bySource.set(source, tries);
    if (bySource.size > mostSources) forgetQuietest();
    tries.level = Math.min(FULL * (most / MOST_TRIES), levelAt(tries, at) + 1);
    tries.at = at;
    tries.sinceReport += 1;
    if (tries.level < most) return;
    quietFrom = Math.max(quietFrom, at + ((tries.level - most) / FORGOTTEN_PER_SECOND) * 1_000 + 1);
    if (at - tries.reportedAt < REPORT_AGAIN_MS) return;
    tries.reportedAt = at;
    onFlood?.(source, tries.sinceReport);
    tries.sinceReport = 0;
  }

  function forgetQuietest() {
    for (const source of bySource.keys()) {
      if (bySource.size <= (mostSources * 7) / 8) return;
      bySource.delete(source);
    }
  }

  const isOver = (tries: Tries | undefined, at: number) => tries !== undefined && levelAt(tries, at) >= most;

  return {
    count,
    /** Whether a source has had too many lately. */
    isOver: (source: string) => isOver(bySource.get(source), now()),
    /** Whether no source has: true nearly always, and cheap to ask. */
    isQuiet: () => quietFrom === -Infinity || now() > quietFrom,
    /** How many sources are over the limit. */
    countOver() {
      const at = now();
      return at > quietFrom ? 0 : [...bySource.values()].filter((tries) => isOver(tries, at)).length;
    },
    /** How many sources are remembered. */
    size: () => bySource.size,
  };
}

function levelAt({ level, at }: Tries, now: number) {
  return Math.max(0, level - ((now - at) / 1_000) * FORGOTTEN_PER_SECOND);
}
