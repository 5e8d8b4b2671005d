import { AppError } from "@/lib/errors";
import type { CallerFacts, LoadedCallers } from "./caller-facts";

/** Loads in flight at once, and digests in one of them: a flood of unknown secrets costs the database this much and no more. */
const MOST_LOADS = 2;
const MOST_DIGESTS = 256;
/** Digests that may wait for their turn. One more is refused: a queue without an end only hides an overload. */
const MOST_WAITING = 20_000;
/** After a failure nobody waits for the next one this long: a refused connection must not be tried thousands of times a second. */
const PAUSE_MS = 100;
/** Loads ahead of time are in no hurry: they gather this long. */
const GATHER_MS = 20;
/** A load is repeated this often when changes keep overtaking it; then nobody knows how things stand. */
const MOST_REPEATS = 10;

type Waiting = {
  promise: Promise<CallerFacts | null>;
  resolve: (facts: CallerFacts | null) => void;
  reject: (error: unknown) => void;
};

/** One digest whose facts are wanted; nobody waits for a load ahead of time. */
type Ask = { waiting: Waiting | undefined; repeats: number };

/** One statement in flight, and the changes heard since it began. */
type Batch = {
  startedAt: number;
  asks: Map<string, Ask>;
  changes: Map<string, number>;
  /** The latest change of any key. */
  anyKey: number;
  /** The latest change of every key, if there was one. */
  everyKey: number | null;
};

type Options = {
  load: (digests: readonly Buffer[]) => Promise<LoadedCallers>;
  /** Hands over what may be kept; `facts` is null where a healthy database knows no such secret. */
  keep: (key: string, facts: CallerFacts | null, epoch: number, startedAt: number) => void;
  /** Facts older than this, counted from the start of their load, are no answer. */
  maxAgeMs: number;
  now: () => number;
  later: (run: () => void, delayMs: number) => void;
};

/** Fetches facts by digest (latin1): one load per digest at a time, many digests per statement, few statements at once. */
export function createCallerLoads({ load, keep, maxAgeMs, now, later }: Options) {
  const urgent = new Map<string, Ask>();
  const ahead = new Map<string, Ask>();
  const running = new Map<string, Ask>();
  const batches = new Set<Batch>();
  let isStartDue = false;
  let isAheadDue = false;
  let refusal = { until: -Infinity, error: undefined as unknown };
  const counts = { loads: 0, digests: 0, repeats: 0, failures: 0, refused: 0 };

  function ask(key: string): Promise<CallerFacts | null> {
    const going = running.get(key) ?? urgent.get(key);
    if (going) return promiseOf(going);
    if (now() < refusal.until || urgent.size >= MOST_WAITING) {
      counts.refused += 1;
      return Promise.reject(now() < refusal.until ? refusal.error : unavailable());
    }
    const wanted = ahead.get(key) ?? { waiting: undefined, repeats: 0 };
    ahead.delete(key);
    urgent.set(key, wanted);
    // Requests that came in the same turn of the event loop share a statement.
    if (!isStartDue) {
      isStartDue = true;
      later(() => {
        isStartDue = false;
        start();
      }, 0);
    }
    return promiseOf(wanted);
  }

  function askAhead(key: string) {
    if (running.has(key) || urgent.has(key) || ahead.has(key)) return;
    ahead.set(key, { waiting: undefined, repeats: 0 });
    if (isAheadDue) return;
    isAheadDue = true;
    later(() => {
      isAheadDue = false;
      start();
    }, GATHER_MS);
  }

  function start() {
    while (batches.size < MOST_LOADS && urgent.size + ahead.size > 0) {
      const asks = new Map<string, Ask>();
      // Callers known to be real keep half the places: strangers can't crowd them out.
      move(ahead, asks, MOST_DIGESTS / 2);
      move(urgent, asks, MOST_DIGESTS);
      for (const [key, wanted] of asks) running.set(key, wanted);
      void run({ startedAt: now(), asks, changes: new Map(), anyKey: -Infinity, everyKey: null });
    }
  }

  async function run(batch: Batch) {
    batches.add(batch);
    counts.loads += 1;
    counts.digests += batch.asks.size;
    try {
      const loaded = await load([...batch.asks.keys()].map((key) => Buffer.from(key, "latin1")));
      // A process that was stopped meanwhile may hold an answer from another age.
      if (now() - batch.startedAt >= maxAgeMs) throw unavailable();
      settle(batch, loaded);
    } catch (error) {
      fail(batch, error instanceof AppError ? error : unavailable(error));
    } finally {
      batches.delete(batch);
      start();
    }
  }

  function settle(batch: Batch, { epoch, found }: LoadedCallers) {
    for (const [key, wanted] of batch.asks) {
      running.delete(key);
      const facts = found.get(key) ?? null;
      if (!isOvertaken(batch, facts, epoch)) {
        keep(key, facts, epoch, batch.startedAt);
        wanted.waiting?.resolve(facts);
      } else if (wanted.repeats < MOST_REPEATS) {
        wanted.repeats += 1;
        counts.repeats += 1;
        urgent.set(key, wanted);
      } else {
        wanted.waiting?.reject(unavailable());
      }
    }
  }

  function fail(batch: Batch, error: AppError) {
    counts.failures += 1;
    refusal = { until: now() + PAUSE_MS, error };
    // Those still waiting asked the same database: they are told now rather than after another deadline.
    for (const asks of [batch.asks, urgent]) {
      for (const [key, wanted] of asks) {
        if (asks === batch.asks) running.delete(key);
        wanted.waiting?.reject(error);
      }
    }
    urgent.clear();
    ahead.clear();
  }

  /** Loads in flight take note, because they may have read the rows from before the change. */
  function noteChange(keyIds: readonly string[] | "all", epoch: number) {
    for (const batch of batches) {
      batch.anyKey = Math.max(batch.anyKey, epoch);
      if (keyIds === "all") batch.everyKey = epoch;
      else for (const keyId of keyIds) batch.changes.set(keyId, Math.max(batch.changes.get(keyId) ?? 0, epoch));
    }
  }

  const stats = () => ({ ...counts, inFlight: batches.size, waiting: urgent.size });

  return { ask, askAhead, noteChange, stats };
}

/** Whether a change was heard that the loaded facts do not contain. An unknown secret may belong to any change. */
function isOvertaken(batch: Batch, facts: CallerFacts | null, epoch: number) {
  // Not merely older: an epoch beyond the one just read belongs to a database that is no more.
  if (batch.everyKey !== null && epoch !== batch.everyKey) return true;
  return epoch < (facts === null ? batch.anyKey : (batch.changes.get(facts.keyId) ?? -Infinity));
}

function move(from: Map<string, Ask>, to: Map<string, Ask>, most: number) {
  for (const [key, wanted] of from) {
    if (to.size >= most) return;
    from.delete(key);
    to.set(key, wanted);
  }
}

function promiseOf(wanted: Ask) {
  wanted.waiting ??= makeWaiting();
  return wanted.waiting.promise;
}

function makeWaiting(): Waiting {
  let resolve: Waiting["resolve"] = () => undefined;
  let reject: Waiting["reject"] = () => undefined;
  const promise = new Promise<CallerFacts | null>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function unavailable(cause?: unknown) {
  return new AppError("database_unavailable", "Podpass cannot reach its database right now. Try again shortly.", {
    retryAfterSeconds: 5,
    cause,
  });
}
