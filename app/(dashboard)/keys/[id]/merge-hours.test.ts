import { expect, test } from "vitest";
import { mergeHours } from "./merge-hours";

const hours = (from: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ at: new Date(Date.parse(from) + index * 3_600_000), value: 1 }));

test("a day is eight spans of three hours that begin with the zone's midnight", () => {
  const spans = mergeHours(hours("2026-11-21T23:00:00Z", 24), "Europe/Berlin");
  expect(spans.map(({ value }) => value)).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  expect(spans[0]?.at).toEqual(new Date("2026-11-21T23:00:00Z"));
});

test("the hour that a clock change repeats is counted where it falls", () => {
  const spans = mergeHours(hours("2026-10-24T22:00:00Z", 25), "Europe/Berlin");
  expect(spans.map(({ value }) => value)).toEqual([4, 3, 3, 3, 3, 3, 3, 3]);
});
