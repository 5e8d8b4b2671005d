import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "./duration";
import { outgoingExpiresAt, parseGrace, rotationDueAt, rotationRhythm } from "./rotation";

const at = (time: string) => new Date(`2026-03-29T${time}:00Z`);
const hourOfGrace = { rotatedAt: at("12:00"), graceMs: 3_600_000 };

test.each([
  { key: "never expires", keyExpiresAt: null, ends: at("13:00") },
  { key: "outlives the grace period", keyExpiresAt: at("18:00"), ends: at("13:00") },
  { key: "expires within it", keyExpiresAt: at("12:20"), ends: at("12:20") },
])("rotation never lengthens a life: the key $key", ({ keyExpiresAt, ends }) => {
  expect(outgoingExpiresAt({ ...hourOfGrace, keyExpiresAt })).toEqual(ends);
});

test("the outgoing secret never outlives its key, whatever the grace period", () => {
  const moment = fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(moment, fc.nat(), fc.option(moment), (rotatedAt, graceMs, keyExpiresAt) => {
      const ends = outgoingExpiresAt({ rotatedAt, graceMs, keyExpiresAt });
      expect(ends.getTime()).toBeLessThanOrEqual(rotatedAt.getTime() + graceMs);
      if (keyExpiresAt) expect(ends.getTime()).toBeLessThanOrEqual(keyExpiresAt.getTime());
    }),
  );
});

test("a rotation is due so many days after the current secret was made", () => {
  expect(rotationDueAt({ currentSecretAt: at("12:00"), rotateEveryDays: 30 })).toEqual(
    new Date("2026-04-28T12:00:00Z"),
  );
  expect(rotationDueAt({ currentSecretAt: at("12:00"), rotateEveryDays: null })).toBeNull();
  expect(rotationDueAt({ currentSecretAt: null, rotateEveryDays: 30 })).toBeNull();
});

test.each([
  { own: null, policy: null, days: null },
  { own: 7, policy: null, days: 7 },
  { own: null, policy: 30, days: 30 },
  { own: 90, policy: 30, days: 30 },
  { own: 7, policy: 30, days: 7 },
])("a key of $own days under a policy of $policy is rotated every $days", ({ own, policy, days }) => {
  expect(rotationRhythm(own, policy)).toBe(days);
});

describe("durations", () => {
  test.each([
    ["0s", 0],
    ["12s", 12_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["90d", 7_776_000_000],
  ])("%s is understood", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["", "12", "s", "-1h", "1.5h", "1w", "1h30m", "1 h", "999999999d", "1e3s"])("%j is refused", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test("a grace period may also be called now", () => {
    expect(parseGrace("now")).toBe(0);
    expect(parseGrace("1h")).toBe(3_600_000);
    expect(parseGrace("soon")).toBeNull();
  });
});
