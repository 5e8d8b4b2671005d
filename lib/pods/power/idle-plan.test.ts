import fc from "fast-check";
import { expect, test } from "vitest";
import { type IdleFacts, idlePlan, lastUse } from "./idle-plan";

const MINUTE = 60_000;
const start = new Date("2026-11-22T12:00:00Z").getTime();
const at = (minutes: number) => new Date(start + minutes * MINUTE);

const facts: IdleFacts = {
  state: "serving",
  stateSince: at(0),
  stopAfterMinutes: 30,
  stopAfterSince: null,
  usedAt: null,
  awakeUntil: null,
  stopFailedAt: null,
};

test("an idle pod is announced five minutes before it is stopped", () => {
  expect(idlePlan(facts, at(24))).toEqual({ stopsAt: at(30), isWarned: false, isDue: false });
  expect(idlePlan(facts, at(25))).toEqual({ stopsAt: at(30), isWarned: true, isDue: false });
  expect(idlePlan(facts, at(30))).toEqual({ stopsAt: at(30), isWarned: true, isDue: true });
  expect(idlePlan({ ...facts, stopAfterMinutes: 6 }, at(3))).toMatchObject({ isWarned: true, isDue: false });
});

test.each<[string, Partial<IdleFacts>, number]>([
  ["use", { usedAt: at(20) }, 50],
  ["a rule that was just made", { stopAfterSince: at(10) }, 40],
  ["a pod that has just woken", { stateSince: at(15) }, 45],
  ["somebody who keeps it awake", { awakeUntil: at(60) }, 60],
  ["a stop that failed", { stopFailedAt: at(28) }, 33],
])("%s puts the stop off", (_, changed, minute) => {
  expect(idlePlan({ ...facts, ...changed }, at(29))?.stopsAt).toEqual(at(minute));
});

test("only a pod that serves and is to be stopped is ever stopped", () => {
  expect(idlePlan({ ...facts, stopAfterMinutes: null }, at(99))).toBeNull();
  for (const state of ["loading", "asleep", "unreachable", "unknown", "failing"]) {
    expect(idlePlan({ ...facts, state }, at(99))).toBeNull();
  }
});

test("no pod is stopped within its idle time after its last use, whatever else is known", () => {
  const moment = fc.option(fc.integer({ min: -100, max: 200 }).map(at));
  const any = fc.record({
    stateSince: fc.integer({ min: -100, max: 200 }).map(at),
    stopAfterSince: moment,
    usedAt: moment,
    awakeUntil: moment,
    stopFailedAt: moment,
    stopAfterMinutes: fc.integer({ min: 5, max: 120 }),
  });
  fc.assert(
    fc.property(any, fc.integer({ min: 0, max: 300 }).map(at), (known, now) => {
      const plan = idlePlan({ ...facts, ...known }, now);
      if (!plan?.isDue) return;
      for (const time of [known.usedAt, known.stateSince, known.stopAfterSince]) {
        expect(now.getTime() - (time?.getTime() ?? -Infinity)).toBeGreaterThanOrEqual(known.stopAfterMinutes * MINUTE);
      }
      expect(known.awakeUntil === null || known.awakeUntil <= now).toBe(true);
    }),
  );
});

test("where nobody looked for a minute, the pod may have been used until now", () => {
  expect(lastUse(at(0), at(9.5), at(10))).toEqual(at(0));
  expect(lastUse(at(0), at(8), at(10))).toEqual(at(10));
  expect(lastUse(null, null, at(10))).toEqual(at(10));
});
