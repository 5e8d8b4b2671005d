import fc from "fast-check";
import { expect, test } from "vitest";
import { createRequestIds, firstRequestIdOf, isRequestId, newRequestId, timeOf } from "./request-id";

const noRandomness = (bytes: Uint8Array) => bytes.fill(0);

test("an id carries the millisecond it was made in", () => {
  const now = Date.parse("2026-11-22T10:15:30.123Z");
  const id = newRequestId(now);
  expect(isRequestId(id)).toBe(true);
  expect(timeOf(id)).toBe(now);
});

test("ids only grow, whatever the clock does, even without randomness", () => {
  const clock = fc.array(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_050 }), { minLength: 2 });
  fc.assert(
    fc.property(clock, (times) => {
      const next = createRequestIds(noRandomness);
      const ids = times.map(next);
      expect(ids).toEqual([...ids].sort());
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

test("more ids than a millisecond has room for borrow from the next one", () => {
  const next = createRequestIds(noRandomness);
  const ids = Array.from({ length: 10_000 }, () => next(1_700_000_000_000));
  expect(new Set(ids).size).toBe(10_000);
  expect(ids).toEqual([...ids].sort());
  expect(timeOf(ids.at(-1) ?? "")).toBe(1_700_000_000_002);
});

test("the first id of a moment sorts before every id made in it", () => {
  expect(firstRequestIdOf(1_700_000_000_000) <= newRequestId(1_800_000_000_000)).toBe(true);
  expect(firstRequestIdOf(1_800_000_000_001) > createRequestIds()(1_800_000_000_000)).toBe(true);
});

test.each(["", "019d0000-0000-4000-8000-000000000000", "019D0000-0000-7000-8000-000000000000", "' OR 1=1"])(
  "%j is no request id",
  (text) => {
    expect(isRequestId(text)).toBe(false);
  },
);
