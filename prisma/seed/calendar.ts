import type { PlannedKey, Rhythm } from "./key-plan";
import { createRandom, dealt } from "./random";

export const DAY_MS = 86_400_000;
export const DAYS = 90;
const SLOTS = 1_024;
const QUARTERS = 96;
const QUARTER_MS = 900_000;

/** How busy each hour of a day is, in UTC: a team between Berlin and Kathmandu. */
const HOURS: Record<Rhythm, readonly number[]> = {
  office: [1, 1, 1, 3, 8, 14, 18, 22, 26, 28, 26, 20, 22, 26, 24, 20, 14, 8, 6, 5, 4, 3, 2, 1],
  steady: [9, 8, 8, 8, 9, 10, 11, 12, 13, 14, 14, 13, 13, 14, 14, 13, 12, 12, 12, 12, 12, 11, 10, 9],
  night: [22, 26, 26, 20, 12, 4, 2, 1, 1, 1, 1, 2, 2, 1, 1, 1, 2, 3, 4, 6, 8, 10, 14, 18],
};
const WEEKEND: Record<Rhythm, number> = { office: 0.12, steady: 0.65, night: 0.5 };

/** Days of the ninety, counted from the first, on which something ran wild, and on which the pod was in trouble. */
const SPIKES = new Map([
  [17, 2.1],
  [38, 1.7],
  [61, 2.6],
  [79, 1.9],
]);
const INCIDENTS = new Map([
  [23, 0.22],
  [61, 0.09],
  [72, 0.14],
]);

export type Life = { plan: Pick<PlannedKey, "weight" | "rhythm">; fromMs: number; toMs: number };

export type SeedDay = {
  startsMs: number;
  /** Its share of all requests, before scaling. */
  weight: number;
  /** Share of its requests that the pod fails. */
  failures: number;
  /** 1024 indexes of passes, counted from 1 as PostgreSQL does. */
  passes: number[];
  /** 1024 quarters of an hour for each rhythm. */
  quarters: Record<Rhythm, number[]>;
};

/** The last ninety days in UTC with today, as it is so far: weekdays, growth, spikes and bad days. Only passes that work all day are used. */
export function calendarOf(lives: readonly Life[], now: Date): SeedDay[] {
  const random = createRandom(20_261_122);
  const todayMs = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS }, (_, day) => {
    const startsMs = todayMs - (DAYS - 1 - day) * DAY_MS;
    const isWeekend = [0, 6].includes(new Date(startsMs).getUTCDay());
    const quartersOver = Math.min(QUARTERS, Math.floor((now.getTime() - startsMs) / QUARTER_MS));
    const endsMs = startsMs + quartersOver * QUARTER_MS;
    const weights = lives.map(({ plan, fromMs, toMs }) => {
      const works = fromMs <= startsMs && toMs >= endsMs;
      return works ? plan.weight * (isWeekend ? WEEKEND[plan.rhythm] : 1) * (0.75 + 0.5 * random()) : 0;
    });
    const growth = 0.6 + (0.4 * day) / DAYS;
    const noise = 0.85 + 0.3 * random();
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {
      startsMs,
      weight: quartersOver === 0 ? 0 : total * growth * noise * (SPIKES.get(day) ?? 1) * (quartersOver / QUARTERS),
      failures: INCIDENTS.get(day) ?? 0.006,
      passes: dealt(weights, SLOTS).map((index) => index + 1),
      quarters: {
        office: quartersOf("office", quartersOver),
        steady: quartersOf("steady", quartersOver),
        night: quartersOf("night", quartersOver),
      },
    };
  });
}

function quartersOf(rhythm: Rhythm, over: number) {
  return dealt(
    Array.from({ length: over }, (_, quarter) => HOURS[rhythm][Math.floor(quarter / 4)] ?? 0),
    SLOTS,
  );
}

/** `events` divided among the days by weight, to the last one. */
export function shareOut(days: readonly Pick<SeedDay, "weight">[], events: number): number[] {
  const total = days.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  let given = 0;
  return days.map(({ weight }) => {
    reached += weight;
    const upToHere = total === 0 ? 0 : Math.round((reached / total) * events);
    const own = upToHere - given;
    given = upToHere;
    return own;
  });
}
