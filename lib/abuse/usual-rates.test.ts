import { expect, test } from "vitest";
import { createUsualHours, isUnusual } from "./usual-rates";

test.each([
  ["ten times the average and more than twice the busiest", 100, { average: 10, busiest: 49 }, true],
  ["nine times the average", 99 * 9, { average: 99, busiest: 99 }, false],
  ["ten times the average, but not twice the busiest", 400, { average: 40, busiest: 200 }, false],
  ["ten times next to nothing", 99, { average: 1, busiest: 1 }, false],
])("%s: %i requests", (_, requests, usual, unusual) => {
  expect(isUnusual(requests, usual)).toBe(unusual);
});

test("what is usual is remembered for six hours, also that there is nothing usual yet", () => {
  const hours = createUsualHours();
  hours.remember("a", { average: 1, busiest: 2 }, 0);
  hours.remember("new", null, 0);
  const later = 6 * 3_600_000;
  expect([hours.of("a", later - 1), hours.of("new", later - 1), hours.of("b", 0)]).toEqual([
    { average: 1, busiest: 2 },
    null,
    undefined,
  ]);
  expect([hours.of("a", later), hours.of("new", later)]).toEqual([undefined, undefined]);
});

test("of a hundred thousand keys the newest half is remembered", () => {
  const hours = createUsualHours();
  for (let key = 0; key < 100_000; key += 1) hours.remember(`k${key}`, null, 0);
  expect([hours.of("k0", 0), hours.of("k99999", 0)]).toEqual([undefined, null]);
});
