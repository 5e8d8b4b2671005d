import { expect, test } from "vitest";
import { calendarOf, DAY_MS, DAYS, shareOut } from "./calendar";

const now = new Date("2026-11-18T10:20:00Z");
const life = (fromDaysAgo: number, toDaysAgo: number) => ({
  plan: { weight: 5, rhythm: "office" as const },
  fromMs: now.getTime() - fromDaysAgo * DAY_MS,
  toMs: now.getTime() - toDaysAgo * DAY_MS,
});

test("requests are shared out to the last one, and never negative", () => {
  const days = calendarOf([life(200, 0)], now);
  for (const events of [0, 1, 89, 60_000, 10_000_001]) {
    const shares = shareOut(days, events);
    expect(shares).toHaveLength(DAYS);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(events);
  }
});

test("today holds nothing of the time to come", () => {
  const today = calendarOf([life(200, 0)], now).at(-1);
  expect(Math.max(...Object.values(today?.quarters ?? {}).flat())).toBe(40);
});

test("a pass is used on the days on which it works from the first moment to the last", () => {
  const days = calendarOf([life(200, 30), life(29.5, 0)], now);
  const used = days.map(({ passes }) => [...new Set(passes)]);
  expect(used[DAYS - 1 - 40]).toEqual([1]);
  expect(used[DAYS - 1 - 30]).toEqual([]);
  expect(used[DAYS - 1]).toEqual([2]);
});

test("weekends are quiet, and the same seed looks the same", () => {
  const days = calendarOf([life(200, 0)], now);
  const sunday = days.findLast(({ startsMs }) => new Date(startsMs).getUTCDay() === 0);
  const monday = days.findLast(({ startsMs }) => new Date(startsMs).getUTCDay() === 1);
  expect((sunday?.weight ?? 0) * 3).toBeLessThan(monday?.weight ?? 0);
  expect(calendarOf([life(200, 0)], now)).toEqual(days);
});
