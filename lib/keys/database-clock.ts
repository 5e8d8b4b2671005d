import { AppError } from "@/lib/errors";

/** A difference beyond this means that one of the clocks was moved, or that this process slept. */
const MOST_APART_MS = 2_000;
/** An answer that took longer says too little about when the clock was read. */
const MOST_ROUND_TRIP_MS = 1_000;

type Reading = { readonly dbNowMs: number; readonly monotonicMs: number; readonly wallMs: number };

type Options = { monotonic: () => number; wall: () => number };

/**
 * The database's clock, carried on by this process's monotonic one between readings: replicas agree on what has expired,
 * whatever their own clocks say.
 *
 * `now` (UTC ms) throws `database_unavailable` before the first reading, and while it can't be trusted: when the database's
 * clock and ours have parted by over two seconds since the last reading, until a second reading confirms the new time; and
 * when the wall and the monotonic clock have, which is how a machine that slept looks from inside.
 */
export function createDatabaseClock({ monotonic, wall }: Options) {
  let base: Reading | undefined;
  /** A reading that contradicts the base and waits for confirmation. */
  let doubted: Reading | undefined;
  let offsetMs = 0;

  function now() {
    if (base === undefined || doubted !== undefined || hasSlept(base)) {
      throw new AppError("database_unavailable", "Podpass is not sure of the time. Try again shortly.", {
        retryAfterSeconds: 5,
      });
    }
    return base.dbNowMs + (monotonic() - base.monotonicMs);
  }

  /**
   * Takes a reading asked for at `askedAt` (monotonic ms) and answered just now. True when time goes on as before; false
   * when a clock jumped, so that what was concluded from it is void and another reading is due.
   */
  function read(dbNowMs: number, askedAt: number): boolean {
    const answeredAt = monotonic();
    const roundTrip = answeredAt - askedAt;
    if (roundTrip > MOST_ROUND_TRIP_MS) return true;
    const reading = { dbNowMs: dbNowMs + roundTrip / 2, monotonicMs: answeredAt, wallMs: wall() };
    const before = doubted ?? base;
    const hasJumped = before !== undefined && (apart(before, reading) > MOST_APART_MS || hasSlept(before));
    offsetMs = reading.dbNowMs - reading.wallMs;
    if (hasJumped) {
      doubted = reading;
      return false;
    }
    base = reading;
    doubted = undefined;
    return true;
  }

  function hasSlept(since: Reading) {
    return Math.abs(wall() - since.wallMs - (monotonic() - since.monotonicMs)) > MOST_APART_MS;
  }

  return {
    now,
    read,
    /** How far the database's clock is ahead of this machine's: for metrics and `doctor`, not for judging. */
    offsetMs: () => offsetMs,
    isTrusted: () => base !== undefined && doubted === undefined && !hasSlept(base),
  };
}

function apart(before: Reading, after: Reading) {
  return Math.abs(after.dbNowMs - before.dbNowMs - (after.monotonicMs - before.monotonicMs));
}
