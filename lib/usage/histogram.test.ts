import fc from "fast-check";
import { expect, test } from "vitest";
import { binOf, middleOf, percentile, percentilesOf } from "./histogram";

const durations = fc.array(fc.integer({ min: 1, max: 604_800_000 }), { minLength: 1, maxLength: 300 });
const binned = (all: number[]) => {
  const counts = new Map<number, number>();
  for (const ms of all) counts.set(binOf(ms), (counts.get(binOf(ms)) ?? 0) + 1);
  return [...counts].map(([bin, count]) => ({ bin, count }));
};

test("whole powers of two begin a bin, whatever the logarithm rounds to", () => {
  for (let power = 0; power < 31; power += 1) {
    expect(binOf(2 ** power)).toBe(4 * power);
    if (power > 2) expect(binOf(2 ** power - 1)).toBe(4 * power - 1);
  }
});

test("below a millisecond all is one bin", () => {
  expect([0, 0.2, 1].map(binOf)).toEqual([0, 0, 0]);
});

test("a bin's middle lies in the bin", () => {
  for (let bin = 0; bin < 120; bin += 1) expect(Math.floor(4 * Math.log2(middleOf(bin)))).toBe(bin);
});

test("a percentile is off by at most 9 % (and by the rounding to whole milliseconds)", () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] ?? 0;
      const read = percentile(binned(all), share) ?? 0;
      expect(Math.abs(read - exact)).toBeLessThanOrEqual(exact * 0.0906 + 0.5);
    }),
  );
});

test("merging bins in any order gives the percentiles of all together", () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const apart = percentilesOf([...binned(others), ...binned(some)]);
      expect(apart).toEqual(percentilesOf(binned([...some, ...others])));
    }),
  );
});

test("nothing measured has no percentiles", () => {
  expect(percentilesOf([])).toBeNull();
});
