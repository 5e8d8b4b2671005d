import { expect, test } from "vitest";
import { scaleFor } from "./scale";

test.each([
  { most: 4_900_000, ticks: [0, 1_500_000, 3_000_000, 4_500_000, 6_000_000] },
  { most: 107_000, ticks: [0, 30_000, 60_000, 90_000, 120_000] },
  { most: 3, ticks: [0, 1, 2, 3] },
  { most: 0, ticks: [0, 1] },
])("a scale up to $most has lines at round values", ({ most, ticks }) => {
  expect(scaleFor(most).ticks).toEqual(ticks);
});

test.each([1, 7, 99, 1_001, 123_456, 9_999_999])("nothing sticks out of a scale for %d", (most) => {
  const { top, ticks } = scaleFor(most);
  expect(top).toBeGreaterThanOrEqual(most);
  expect(ticks.length).toBeLessThanOrEqual(6);
});
