import { expect, test } from "vitest";
import { change, compact, duration, money, moneyTick, percent } from "./figures";

test.each([
  [0, "0"],
  [9_999, "9,999"],
  [12_345, "12 k"],
  [842_000, "842 k"],
  [999_960, "1.0 M"],
  [98_040_000, "98.0 M"],
  [1_250_000_000, "1.3 B"],
])("%d is written %s", (count, words) => {
  expect(compact(count)).toBe(words);
});

test("money under a cent is never shown as nothing", () => {
  expect(money(0)).toBe("$0");
  expect(money(200)).toBe("<$0.01");
  expect(money(780_000)).toBe("$0.78");
  expect(money(1_234_560_000)).toBe("$1,235");
  expect([50_000, 2_500, 12_000_000, 1_500_000_000].map(moneyTick)).toEqual(["$0.05", "$0.0025", "$12", "$1,500"]);
});

test("a change is never infinite", () => {
  expect(change(10, 0)).toBe("new");
  expect(change(0, 0)).toBeNull();
  expect(change(118, 100)).toBe("+18 %");
  expect(change(91, 100)).toBe("−9 %");
});

test("shares and durations keep the digits that matter", () => {
  expect(percent(193, 48_213)).toBe("0.4");
  expect(percent(1, 48_213)).toBe("<0.1");
  expect(percent(0, 0)).toBe("0");
  expect(duration(642)).toBe("642 ms");
  expect(duration(4_100)).toBe("4.1 s");
  expect(duration(31_200)).toBe("31 s");
});
