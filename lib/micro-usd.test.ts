import fc from "fast-check";
import { expect, test } from "vitest";
import { parseUsd, usdText } from "./micro-usd";

test.each([
  ["0.78", 780_000],
  ["$12", 12_000_000],
  [" 0.000001 ", 1],
  ["0.29", 290_000],
  ["999999999.999999", 999_999_999_999_999],
  ["0", 0],
])("%j is %i micro-dollars", (text, micro) => expect(parseUsd(text)).toBe(micro));

test.each(["", "-1", "1,50", "1e3", ".5", "0.0000001", "one", "1 000"])("%j is no amount", (text) => {
  expect(parseUsd(text)).toBeNull();
});

test("an amount survives being written and read", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999_999_999 }), (micro) => {
      expect(parseUsd(usdText(micro))).toBe(micro);
    }),
  );
  expect(usdText(780_000)).toBe("0.78");
  expect(usdText(1_500_000)).toBe("1.50");
  expect(usdText(12_000_000)).toBe("12");
});
