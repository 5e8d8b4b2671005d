import fc from "fast-check";
import { expect, test } from "vitest";
import { Breaker } from "./breaker";

const LONGEST_PAUSE_MS = 8_000;

function failed(times: number, now = 0) {
  const breaker = new Breaker();
  for (let i = 0; i < times; i += 1) breaker.fail(now);
  return breaker;
}

test("two failures keep nobody away, three do, and one good answer is enough again", () => {
  expect(failed(2).allows(0)).toBe(true);
  const breaker = failed(3);
  expect([breaker.isOpen, breaker.allows(999), breaker.waitMs(400), breaker.allows(1_000)]).toEqual([
    true,
    false,
    600,
    true,
  ]);
  breaker.succeed();
  expect([breaker.isOpen, breaker.allows(0)]).toEqual([false, true]);
});

test("of many who come after the pause one is let through, the others a pause later", () => {
  const breaker = failed(3);
  let passed = 0;
  for (let i = 0; i < 50; i += 1) {
    if (!breaker.allows(1_000)) continue;
    breaker.pass(1_000);
    passed += 1;
  }
  expect(passed).toBe(1);
  expect(breaker.allows(1_999)).toBe(false);
  expect(breaker.allows(2_000)).toBe(true);
});

test("calls that were under way when it opened don't make the pause longer, tries that fail do", () => {
  const breaker = failed(200, 5);
  expect(breaker.waitMs(5)).toBe(1_000);
  let now = 5;
  const pauses: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    now += breaker.waitMs(now);
    breaker.pass(now);
    breaker.fail(now + 10);
    now += 10;
    pauses.push(breaker.waitMs(now));
  }
  expect(pauses).toEqual([2_000, 4_000, 8_000, 8_000, 8_000, 8_000]);
});

type Step = "fail" | "succeed" | "call";

test("whatever happens, a call gets through within the longest pause, and none waits after a success", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom<Step>("fail", "succeed", "call"), fc.nat(20_000)));
  fc.assert(
    fc.property(steps, (taken) => {
      const breaker = new Breaker();
      let now = 0;
      for (const [step, ms] of taken) {
        now += ms;
        if (step === "fail") breaker.fail(now);
        else if (step === "succeed") breaker.succeed();
        else if (breaker.allows(now)) breaker.pass(now);
        expect(breaker.waitMs(now)).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        expect(breaker.allows(now + LONGEST_PAUSE_MS)).toBe(true);
        if (step === "succeed") expect(breaker.allows(now)).toBe(true);
      }
    }),
  );
});
