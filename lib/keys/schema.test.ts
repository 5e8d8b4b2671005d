import { describe, expect, test } from "vitest";
import { createKeySchema, rotateKeySchema, updateLimitsSchema } from "./schema";

const keyId = "019ab0e5-5f5c-7000-8000-000000000001";

describe("a name", () => {
  test.each(["laptop", "Zoë’s CI", "日本語", "👍 prod", "<img onerror>", "=HYPERLINK(1)", "x".repeat(64)])(
    "may be %j",
    (name) => {
      expect(createKeySchema.parse({ name }).name).toBe(name);
    },
  );

  test.each([
    ["nothing", ""],
    ["only spaces", "   "],
    ["65 characters", "x".repeat(65)],
    ["10,000 characters", "x".repeat(10_000)],
    ["a line end", "a\r\nb"],
    ["a NUL", "a\u0000b"],
    ["a bidi override", "a\u202Eb"],
    ["a bidi isolate", "a\u2066b"],
    ["a zero-width space", "a\u200Bb"],
    ["a soft hyphen", "a\u00ADb"],
    ["a line separator", "a\u2028b"],
    ["a Hangul filler", "\u3164"],
    ["a lone surrogate", "a\ud800b"],
  ])("may not have %s", (_, name) => {
    expect(createKeySchema.safeParse({ name }).success).toBe(false);
  });

  test("is trimmed", () => {
    expect(createKeySchema.parse({ name: "  laptop " }).name).toBe("laptop");
  });
});

test("fields of a form become values, and unknown fields are dropped", () => {
  const form = {
    name: "laptop",
    expires: "90d",
    rpm: "60",
    tpm: "",
    models: "a, b\nc,",
    cidrs: "10.0.0.0/8, 2001:DB8::/32,192.0.2.7,::1",
    hash: "x",
    id: keyId,
    revokedAt: null,
    createdAt: "2020-01-01",
    role: "OWNER",
    $ACTION_ID: "next",
  };
  expect(createKeySchema.parse(form)).toEqual({
    name: "laptop",
    expires: { kind: "after", ms: 90 * 86_400_000 },
    rpm: 60,
    tpm: null,
    models: ["a", "b", "c"],
    cidrs: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32", "::1/128"],
  });
});

test.each([
  { rpm: "1e12" },
  { rpm: 1e12 },
  { rpm: "-1" },
  { rpm: 0 },
  { rpm: 1.5 },
  { rpm: "1.5" },
  { rpm: ["60"] },
  { rpm: true },
  { monthlyTokens: 2 ** 53 },
  { monthlyUsd: "a lot" },
  { monthlyUsd: "-1" },
  { cidrs: "10.0.0.0/33" },
  { cidrs: "010.0.0.0/8" },
  { cidrs: "example.com" },
  { cidrs: "2001:db8::/129" },
  { cidrs: [{ toString: "10.0.0.0/8" }] },
  { models: "a\u200Bb" },
  { models: Array.from({ length: 51 }, (_, index) => `model-${index}`) },
  { expires: "soon" },
  { memberId: "1" },
])("%j is refused", (field) => {
  expect(createKeySchema.safeParse({ name: "laptop", ...field }).success).toBe(false);
});

test("a missing limit stays, an empty one is lifted", () => {
  expect(updateLimitsSchema.parse({ keyId, rpm: "", models: "" })).toEqual({ keyId, rpm: null, models: [] });
});

test("an amount typed in dollars arrives in micro-dollars", () => {
  expect(updateLimitsSchema.parse({ keyId, monthlyUsd: "12.50" })).toEqual({ keyId, monthlyMicroUsd: 12_500_000 });
  expect(updateLimitsSchema.parse({ keyId, monthlyUsd: "" })).toEqual({ keyId, monthlyMicroUsd: null });
  expect(updateLimitsSchema.parse({ keyId })).not.toHaveProperty("monthlyMicroUsd");
});

test.each([
  ["24h", 86_400_000],
  ["now", 0],
  ["0s", 0],
  [1_500, 1_500],
])("a grace period of %j", (graceMs, ms) => {
  expect(rotateKeySchema.parse({ keyId, graceMs }).graceMs).toBe(ms);
});

test.each(["", "later", -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, null, undefined])(
  "no grace period of %j",
  (graceMs) => {
    expect(rotateKeySchema.safeParse({ keyId, graceMs }).success).toBe(false);
  },
);
