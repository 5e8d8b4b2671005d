import { describe, expect, test } from "vitest";
import { effectiveLimits, firstExcess, NO_LIMITS } from "./limits";

const role = { ...NO_LIMITS, rpm: 60 };

describe("a key's requests a minute", () => {
  const cases = [
    { by: "member", wanted: 60, refused: false },
    { by: "member", wanted: 61, refused: true },
    { by: "admin", wanted: 1_000, refused: false },
    { by: "operator", wanted: 1_000, refused: false },
    { by: "member", wanted: 70, ceiling: 80, refused: false },
    { by: "member", wanted: 90, ceiling: 80, refused: true },
    { by: "admin", wanted: 90, ceiling: 80, refused: true },
    { by: "operator", wanted: 90, ceiling: 80, refused: false },
    { by: "member", wanted: 500, current: 500, refused: false },
    { by: "member", wanted: 400, current: 500, refused: false },
    { by: "member", wanted: 501, current: 500, refused: true },
    { by: "member", wanted: null, refused: false },
  ] as const;

  test.each(cases)("as $by: %o", ({ by, wanted, refused, ...rest }) => {
    const excess = firstExcess({
      wanted: { rpm: wanted },
      current: { ...NO_LIMITS, rpm: "current" in rest ? rest.current : null },
      member: { ...NO_LIMITS, rpm: "ceiling" in rest ? rest.ceiling : null },
      role,
      by,
    });
    expect(excess !== null).toBe(refused);
  });
});

test("a limit that stands above is named with its figure", () => {
  const excess = firstExcess({ wanted: { rpm: 61 }, current: NO_LIMITS, member: NO_LIMITS, role, by: "member" });
  expect(excess).toEqual({ name: "rpm", highest: 60 });
});

test("each effective figure says where it comes from", () => {
  const own = { ...NO_LIMITS, rpm: 10 };
  const member = { ...NO_LIMITS, rpm: 20, tpm: 20 };
  expect(effectiveLimits(own, member, { ...role, tpm: 30, concurrency: 30 })).toEqual({
    rpm: { value: 10, source: "key" },
    tpm: { value: 20, source: "member" },
    concurrency: { value: 30, source: "role" },
    monthlyTokens: { value: null, source: "none" },
    monthlyMicroUsd: { value: null, source: "none" },
  });
});
