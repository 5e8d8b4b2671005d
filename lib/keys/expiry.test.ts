import { describe, expect, test } from "vitest";
import { expiryAt, latestExpiry, parseExpiry } from "./expiry";

const now = new Date("2026-11-22T12:00:00Z");
const rules = { maxKeyDays: 365, defaultKeyDays: 30 };

describe("when a key ends can be said as", () => {
  test.each([
    ["", "2026-12-22T12:00:00.000Z"],
    ["default", "2026-12-22T12:00:00.000Z"],
    ["90d", "2027-02-20T12:00:00.000Z"],
    ["12s", "2026-11-22T12:00:12.000Z"],
    ["2027-01-01", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01T08:00:00+05:45", "2027-01-01T02:15:00.000Z"],
    ["never", undefined],
  ])("%j", (text, moment) => {
    const choice = parseExpiry(text);
    expect(choice).not.toBeNull();
    expect(choice && expiryAt(choice, now, rules)?.toISOString()).toBe(moment);
  });

  test.each(["tomorrow", "2027-13-01", "2027-01-01T08:00", "01/02/2027", "90"])("not as %j", (text) => {
    expect(parseExpiry(text)).toBeNull();
  });
});

test("the default never exceeds the longest life", () => {
  const choice = { kind: "default" } as const;
  expect(expiryAt(choice, now, { maxKeyDays: 7, defaultKeyDays: 30 })?.toISOString()).toBe("2026-11-29T12:00:00.000Z");
  expect(expiryAt(choice, now, { maxKeyDays: 7, defaultKeyDays: null })?.toISOString()).toBe(
    "2026-11-29T12:00:00.000Z",
  );
  expect(expiryAt(choice, now, { maxKeyDays: null, defaultKeyDays: null })).toBeNull();
});

test("the longest life counts from the key's making", () => {
  expect(latestExpiry(now, rules)?.toISOString()).toBe("2027-11-22T12:00:00.000Z");
  expect(latestExpiry(now, { maxKeyDays: null })).toBeNull();
});
