import type { CallerFacts, LoadedCallers } from "./caller-facts";
import { createCallerLoads } from "./caller-loads";

/** Facts serve this long, counted from before their load began. Nothing lengthens it: this is the guarantee behind revocation. */
export const FACTS_MAX_AGE_MS = 5_000;
/** "No such secret" serves this long: the longest a new secret can be refused when the notice of it was lost. */
export const ABSENCE_MAX_AGE_MS = 2_000;

// A caller seen in the second half of its facts' life has them loaded anew meanwhile, at a moment of its own: a busy caller
// never waits, and keys that were first seen together part. The old facts still end when they have to.
const RELOAD_FROM_MS = 2_500;
const RELOAD_SPREAD_MS = 1_000;
const RELOAD_AGAIN_MS = 500;

const MOST_KNOWN = 50_000;
const MOST_ABSENT = 20_000;

type Entry = { readonly facts: CallerFacts; readonly endsAt: number; reloadAt: number };
type Absence = { readonly epoch: number; readonly endsAt: number };

type Options = {
  load: (digests: readonly Buffer[]) => Promise<LoadedCallers>;
  /** Monotonic ms. */
  now?: () => number;
  random?: () => number;
  later?: (run: () => void, delayMs: number) => void;
  mostKnown?: number;
  mostAbsent?: number;
};

export type CallerCache = ReturnType<typeof createCallerCache>;

/**
 * Who calls, from memory. Holds facts and never verdicts; only a load from the database puts something in.
 *
 * `get` answers at once where it can; null means that a healthy database does not know the secret. Its promise rejects with
 * `database_unavailable` and nothing else. `invalidate` drops what lacks the change number `epoch`: facts say which changes
 * they contain, so nothing older can slip in through a slow load and nothing newer is thrown away.
 */
export function createCallerCache({
  load,
  now = () => performance.now(),
  random = Math.random,
  later = laterUnreferenced,
  mostKnown = MOST_KNOWN,
  mostAbsent = MOST_ABSENT,
}: Options) {
  // Both in the order of their loads, so that the oldest stand first; a caller in use is loaded anew and moves to the end.
  const known = new Map<string, Entry>();
  const absent = new Map<string, Absence>();
  const byKey = new Map<string, Set<string>>();
  const loads = createCallerLoads({ load, keep, maxAgeMs: FACTS_MAX_AGE_MS, now, later });
  let newestChange = -Infinity;
  const counts = { hits: 0, absentHits: 0, misses: 0 };

  function get(digest: Buffer): CallerFacts | null | Promise<CallerFacts | null> {
    const key = digest.toString("latin1");
    const entry = known.get(key);
    if (entry !== undefined) {
      const at = now();
      if (at < entry.endsAt) {
        if (at >= entry.reloadAt) {
          entry.reloadAt = at + RELOAD_AGAIN_MS;
          loads.askAhead(key);
        }
        counts.hits += 1;
        return entry.facts;
      }
    } else {
      const absence = absent.get(key);
      if (absence !== undefined && absence.epoch >= newestChange && now() < absence.endsAt) {
        counts.absentHits += 1;
        return null;
      }
    }
    counts.misses += 1;
    return loads.ask(key);
  }

  /** Whether `get` would answer from memory. */
  function has(digest: Buffer): boolean {
    const key = digest.toString("latin1");
    const entry = known.get(key);
    if (entry !== undefined) return now() < entry.endsAt;
    const absence = absent.get(key);
    return absence !== undefined && absence.epoch >= newestChange && now() < absence.endsAt;
  }

  function keep(key: string, facts: CallerFacts | null, epoch: number, startedAt: number) {
    forget(key);
    if (facts === null) {
      absent.delete(key);
      absent.set(key, { epoch, endsAt: startedAt + ABSENCE_MAX_AGE_MS });
      if (absent.size > mostAbsent) dropOldest(absent, mostAbsent, (oldest) => absent.delete(oldest));
      return;
    }
    absent.delete(key);
    const reloadAt = startedAt + RELOAD_FROM_MS + random() * RELOAD_SPREAD_MS;
    known.set(key, { facts, endsAt: startedAt + FACTS_MAX_AGE_MS, reloadAt });
    const digests = byKey.get(facts.keyId);
    if (digests) digests.add(key);
    else byKey.set(facts.keyId, new Set([key]));
    if (known.size > mostKnown) dropOldest(known, mostKnown, forget);
  }

  function forget(key: string) {
    const keyId = known.get(key)?.facts.keyId;
    if (keyId === undefined) return;
    known.delete(key);
    const digests = byKey.get(keyId);
    digests?.delete(key);
    if (digests?.size === 0) byKey.delete(keyId);
  }

  function invalidate(keyIds: readonly string[] | "all", epoch: number) {
    loads.noteChange(keyIds, epoch);
    newestChange = keyIds === "all" ? epoch : Math.max(newestChange, epoch);
    if (keyIds === "all") {
      // Facts of exactly this epoch contain every change so far. A higher one would be of a database that is no more.
      for (const [key, { facts }] of known) if (facts.epoch !== epoch) forget(key);
      for (const [key, absence] of absent) if (absence.epoch !== epoch) absent.delete(key);
      return;
    }
    for (const keyId of keyIds) {
      for (const key of byKey.get(keyId) ?? []) if ((known.get(key)?.facts.epoch ?? epoch) < epoch) forget(key);
    }
  }

  const stats = () => ({ ...counts, known: known.size, absent: absent.size, ...loads.stats() });

  return { get, has, invalidate, stats };
}

/** Makes room for an eighth more in one go: a Map that loses its first entry at each insertion gets slow. */
function dropOldest(entries: ReadonlyMap<string, unknown>, most: number, drop: (key: string) => void) {
  for (const key of entries.keys()) {
    if (entries.size <= (most * 7) / 8) return;
    drop(key);
  }
}

function laterUnreferenced(run: () => void, delayMs: number) {
  if (delayMs === 0) setImmediate(run);
  else setTimeout(run, delayMs).unref();
}
