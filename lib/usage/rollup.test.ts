import fc from "fast-check";
import { expect, test } from "vitest";
import { previousRange, QUARTER_MS, splitAround, splitRange } from "./rollup";

const start = Date.parse("2026-03-28T00:00:00Z");
const ranges = fc
  .tuple(fc.integer({ min: 0, max: 10 * 86_400_000 }), fc.integer({ min: 1, max: 10 * 86_400_000 }))
  .map(([after, length]) => ({ from: new Date(start + after), to: new Date(start + after + length) }));

test("a range is covered exactly once: never wider, never with a gap", () => {
  fc.assert(
    fc.property(ranges, (range) => {
      const { rollups, events } = splitRange(range);
      const parts = [...events, ...(rollups === null ? [] : [rollups])].sort((a, b) => +a.from - +b.from);
      expect(parts[0]?.from).toEqual(range.from);
      expect(parts.at(-1)?.to).toEqual(range.to);
      for (let next = 1; next < parts.length; next += 1) expect(parts[next]?.from).toEqual(parts[next - 1]?.to);
    }),
  );
});

test("rollups are read for whole quarters of an hour alone, and edges are shorter than one", () => {
  fc.assert(
    fc.property(ranges, (range) => {
      const { rollups, events } = splitRange(range);
      if (rollups === null) return;
      expect([+rollups.from % QUARTER_MS, +rollups.to % QUARTER_MS]).toEqual([0, 0]);
      for (const edge of events) expect(+edge.to - +edge.from).toBeLessThan(QUARTER_MS);
    }),
  );
});

test("a range without a whole quarter of an hour is read from the events", () => {
  const range = { from: new Date("2026-03-28T01:00:01Z"), to: new Date("2026-03-28T01:29:59.999Z") };
  expect(splitRange(range)).toEqual({ rollups: null, events: [range] });
});

test("the period before has the same length and ends where this one begins", () => {
  const range = { from: new Date("2026-03-28T00:00:00Z"), to: new Date("2026-03-30T12:00:00Z") };
  expect(previousRange(range)).toEqual({ from: new Date("2026-03-25T12:00:00Z"), to: range.from });
});

test("around spans that lie within it, a range is covered exactly once, and spans that touch become one", () => {
  const day = (n: number) => new Date(start + n * 86_400_000);
  const range = { from: new Date(start - 5_000), to: day(9) };
  const spans = [1, 2, 3, 5, 8].map((n) => ({ from: day(n), to: day(n + 1) }));
  expect(splitAround(range, spans)).toEqual({
    runs: [
      { from: day(1), to: day(4) },
      { from: day(5), to: day(6) },
      { from: day(8), to: day(9) },
    ],
    gaps: [
      { from: range.from, to: day(1) },
      { from: day(4), to: day(5) },
      { from: day(6), to: day(8) },
    ],
  });
  expect(splitAround(range, [])).toEqual({ runs: [], gaps: [range] });
});
