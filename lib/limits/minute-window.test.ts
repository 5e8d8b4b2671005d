import fc from "fast-check";
import { expect, test } from "vitest";
import { MinuteWindow } from "./minute-window";

test("no sixty seconds ever hold more than the limit, and a refused amount has room exactly when it was promised", () => {
  const asks = fc.array(fc.record({ wait: fc.nat(20_000), amount: fc.integer({ min: 1, max: 8 }) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(asks, fc.integer({ min: 8, max: 40 }), (list, limit) => {
      const window = new MinuteWindow();
      const passed: { at: number; amount: number }[] = [];
      let now = 0;
      for (const { wait, amount } of list) {
        now += wait;
        const room = window.roomAfterMs(amount, limit, now);
        if (room > 0) {
          expect(room).toBeLessThanOrEqual(60_000);
          expect(window.roomAfterMs(amount, limit, now + room - 1)).toBeGreaterThan(0);
          now += room;
        }
        expect(window.roomAfterMs(amount, limit, now)).toBe(0);
        window.take(amount, now);
        passed.push({ at: now, amount });
        const inAMinute = passed.filter(({ at }) => at > now - 60_000).reduce((sum, { amount }) => sum + amount, 0);
        expect(inAMinute).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("what is given back is there again, and only once", () => {
  const window = new MinuteWindow();
  const slot = window.take(100, 0);
  window.giveBack(slot, 70);
  expect(window.used(10)).toBe(30);
  window.giveBack(slot, 70);
  expect([window.used(10), window.emptyAfterMs(10)]).toEqual([0, 0]);
  window.take(5, 59_000);
  window.giveBack(slot, 70);
  expect(window.used(61_000)).toBe(5);
});
