import { expect, test } from "vitest";
import { momentOf } from "./moment";

const now = new Date("2026-11-22T12:00:00Z");

test.each([
  ["2026-11-22", "2026-11-22T00:00:00.000Z"],
  ["2026-11-22T14:00:00Z", "2026-11-22T14:00:00.000Z"],
  ["2026-11-22T14:00+05:45", "2026-11-22T08:15:00.000Z"],
  ["7d", "2026-11-15T12:00:00.000Z"],
  ["0s", "2026-11-22T12:00:00.000Z"],
])("%s is %s, whatever zone this runs in", (typed, moment) => {
  expect(momentOf(typed, "--from", now)?.toISOString()).toBe(moment);
});

test.each(["", "yesterday", "2026-13-01", "2026-11-22T14:00:00", "22/11/2026", "7"])("%j is no moment", (typed) => {
  expect(() => momentOf(typed, "--from", now)).toThrow(/^--from: Use a date/);
});

test("what was not typed is left to the command", () => {
  expect(momentOf(undefined, "--from", now)).toBeNull();
});
