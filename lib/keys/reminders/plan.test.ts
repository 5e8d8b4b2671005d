import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Deadline, deadlinesOf, isOverdue, REMINDER_DAYS, stepAt } from "./plan";

const DAY_MS = 86_400_000;
const start = new Date("2026-03-01T12:00:00Z");
const after = (days: number) => new Date(start.getTime() + days * DAY_MS);
const key = {
  createdAt: start,
  expiresAt: after(30),
  currentSecretAt: start,
  rotateEveryDays: null,
  policyRotateEveryDays: null,
};

test.each([
  { days: 15.9, step: null },
  { days: 16, step: 14 },
  { days: 26.9, step: 14 },
  { days: 27, step: 3 },
  { days: 29, step: 1 },
  { days: 29.99, step: 1 },
  { days: 30, step: null },
])("on day $days of 30 the step is $step", ({ days, step }) => {
  const [end] = deadlinesOf(key);
  expect(end && stepAt(end, after(days))).toBe(step);
});

test("a key of a week is first announced three days ahead", () => {
  const week: Deadline = { kind: "expiry", at: after(7), since: start };
  expect([0, 1, 3.9, 4, 6].map((days) => stepAt(week, after(days)))).toEqual([null, null, null, 3, 1]);
});

test("the policy's rhythm holds for a key that asks for less, the key's where it asks for more", () => {
  const due = (own: number | null, policy: number | null) =>
    deadlinesOf({ ...key, expiresAt: null, rotateEveryDays: own, policyRotateEveryDays: policy })[0]?.at;
  expect(due(90, 30)).toEqual(after(30));
  expect(due(7, 30)).toEqual(after(7));
  expect(due(null, 30)).toEqual(after(30));
  expect(due(null, null)).toBeUndefined();
});

test("a key that ends before its rotation is only told to end", () => {
  expect(deadlinesOf({ ...key, rotateEveryDays: 60 }).map(({ kind }) => kind)).toEqual(["expiry"]);
  expect(deadlinesOf({ ...key, rotateEveryDays: 20 }).map(({ kind }) => kind)).toEqual(["expiry", "rotation"]);
});

test("a rotation that was not made is overdue; an end that came is the status's to tell", () => {
  const [end, rotation] = deadlinesOf({ ...key, rotateEveryDays: 20 });
  expect(rotation && isOverdue(rotation, after(21))).toBe(true);
  expect(rotation && isOverdue(rotation, after(19))).toBe(false);
  expect(end && isOverdue(end, after(31))).toBe(false);
});

/** Whatever the times at which somebody looks, and however often: what would be told, each date and step once. */
test("looked at any number of times, each step is told at most once, in order, never late and never in a burst", () => {
  const life = fc.double({ min: 0.01, max: 60, noNaN: true });
  const looks = fc.array(fc.double({ min: -1, max: 62, noNaN: true }), { maxLength: 200 });
  void fc.assert(
    fc.property(life, looks, (days, at) => {
      const deadline: Deadline = { kind: "expiry", at: after(days), since: start };
      const told: number[] = [];
      for (const look of at.toSorted((a, b) => a - b)) {
        const step = stepAt(deadline, after(look));
        if (step === null || told.includes(step)) continue;
        const leftDays = (deadline.at.getTime() - after(look).getTime()) / DAY_MS;
        const next = REMINDER_DAYS[REMINDER_DAYS.indexOf(step) + 1] ?? 0;
        expect(leftDays).toBeLessThanOrEqual(step);
        expect(leftDays).toBeGreaterThan(next);
        expect(days).toBeGreaterThanOrEqual(step - 1e-6);
        told.push(step);
      }
      expect(told).toEqual(told.toSorted((a, b) => b - a));
    }),
  );
});

test("looked at every ten minutes, no step is left out that the key lives long enough for", () => {
  for (const days of [0.5, 1.5, 2, 5, 10, 20, 40]) {
    const deadline: Deadline = { kind: "rotation", at: after(days), since: start };
    const told = new Set<number>();
    for (let look = 0; look < days; look += 1 / 144) {
      const step = stepAt(deadline, after(look));
      if (step !== null) told.add(step);
    }
    expect([...told]).toEqual(REMINDER_DAYS.filter((step) => step <= days));
  }
});
