import fc from "fast-check";
import { expect, test } from "vitest";
import { ago, day, inWords, isoDay, left, momentOf, soon, timeWithSeconds, until, weekdayAndTime } from "./moments";

const now = new Date("2026-11-22T13:20:00Z"); // 19:05 in Kathmandu, a Sunday
const zone = "Asia/Kathmandu";
const minus = (ms: number) => new Date(now.getTime() - ms);
const plus = (ms: number) => new Date(now.getTime() + ms);
const HOUR = 3_600_000;

test.each([
  { at: minus(2_000), words: "just now" },
  { at: minus(12_000), words: "12 s ago" },
  { at: minus(41 * 60_000), words: "41 min ago" },
  { at: minus(2 * HOUR), words: "2 h ago" },
  { at: minus(20 * HOUR), words: "yesterday" },
  { at: minus(13 * 24 * HOUR), words: "9 Nov" },
  { at: minus(365 * 24 * HOUR), words: "22 Nov 2025" },
])("what happened is said coarser with distance: $words", ({ at, words }) => {
  expect(ago(at, zone, now)).toBe(words);
});

test("a coming moment has one meaning: a time today, a weekday this week, a date beyond", () => {
  expect(soon(plus(2 * HOUR), zone, now)).toBe("21:05");
  expect(soon(plus(24 * HOUR), zone, now)).toBe("Mon 19:05");
  expect(soon(plus(30 * 24 * HOUR), zone, now)).toBe("22 Dec");
  expect(inWords(plus(24 * HOUR), zone, now)).toBe("tomorrow at 19:05");
  expect(weekdayAndTime(plus(7 * 24 * HOUR), zone)).toBe("Sun 29 Nov, 19:05");
});

test("the wall of a zone shows what Intl says, also around every change of its clock", () => {
  const zones = [
    "UTC",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
  ];
  const changes = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-04-04T15:00:00Z", "2026-11-01T04:30:00Z"];
  const moment = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -5 * 24 * HOUR, max: 5 * 24 * HOUR }))
    .map(([change, ms]) => new Date(Date.parse(change) + ms));
  fc.assert(
    fc.property(moment, fc.constantFrom(...zones), (at, timeZone) => {
      const told = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(at);
      expect(`${isoDay(at, timeZone)} ${timeWithSeconds(at, timeZone)}`).toBe(told);
    }),
    { numRuns: 500 },
  );
});

test("midnight belongs to the zone, not to UTC", () => {
  const lateEvening = new Date("2026-11-22T18:20:00Z");
  expect(day(lateEvening, zone)).toBe("23 Nov");
  expect(day(lateEvening, "UTC")).toBe("22 Nov");
  expect(isoDay(lateEvening, zone)).toBe("2026-11-23");
});

test("what is left is said in the two units that matter", () => {
  expect(left(18 * HOUR + 59 * 60_000)).toBe("18 h 59 min");
  expect(left(12_000)).toBe("12 s");
  expect(left(-5)).toBe("0 s");
  expect(until(plus(3 * 24 * HOUR), now)).toBe("3 days");
});

test.each([
  { date: "2026-11-22", time: "19:05:00", zone: "Asia/Kathmandu", at: "2026-11-22T13:20:00Z" },
  { date: "2026-03-29", time: "01:30:00", zone: "Europe/Berlin", at: "2026-03-29T00:30:00Z" },
  { date: "2026-03-29", time: "02:30:00", zone: "Europe/Berlin", at: "2026-03-29T01:30:00Z" },
  { date: "2026-10-25", time: "02:30:00", zone: "Europe/Berlin", at: "2026-10-25T00:30:00Z" },
  { date: "2026-10-25", time: "23:59:59", zone: "Europe/Berlin", at: "2026-10-25T22:59:59Z" },
])("a time on the wall in $zone on $date is one moment", ({ date, time, zone: where, at }) => {
  expect(momentOf(date, time, where)).toEqual(new Date(at));
});
