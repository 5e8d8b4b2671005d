import { describe, expect, test } from "vitest";
import { isLive, type KeyTimes, statusOf } from "./status";

const now = new Date("2026-11-22T12:00:00Z");
const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
const current = { expiresAt: null, revokedAt: null };
const key: KeyTimes = {
  createdAt: days(-100),
  expiresAt: null,
  revokedAt: null,
  disabledAt: null,
  secrets: [current],
  member: { disabledAt: null },
};
const rotating = { secrets: [current, { expiresAt: days(1), revokedAt: null }] };

describe("a key is", () => {
  test.each<[string, Partial<KeyTimes>]>([
    ["active", {}],
    ["active", { expiresAt: days(200) }],
    ["expiring", { expiresAt: days(3) }],
    ["rotating", rotating],
    ["rotating", { ...rotating, expiresAt: days(3) }],
    ["active", { secrets: [current, { expiresAt: days(-1), revokedAt: null }] }],
    ["disabled", { ...rotating, disabledAt: days(-1) }],
    ["disabled", { member: { disabledAt: days(-1) } }],
    ["expired", { expiresAt: now }],
    ["expired", { expiresAt: days(-1), disabledAt: days(-2) }],
    ["revoked", { revokedAt: days(-1), expiresAt: days(-2), disabledAt: days(-3) }],
  ])("%s", (status, change) => {
    expect(statusOf({ ...key, ...change }, now).status).toBe(status);
  });
});

test("a long life warns 14 days before its end, a short one in its last quarter", () => {
  const yearly = { ...key, expiresAt: days(265) };
  expect(statusOf(yearly, days(250.9)).status).toBe("active");
  expect(statusOf(yearly, days(251)).status).toBe("expiring");
  const daily = { ...key, createdAt: now, expiresAt: days(1) };
  expect(statusOf(daily, days(0.7)).status).toBe("active");
  expect(statusOf(daily, days(0.75)).status).toBe("expiring");
});

test("a status knows when it will change by itself", () => {
  const expiring = { ...key, expiresAt: days(200) };
  const first = statusOf(expiring, now);
  expect(first.changesAt).toEqual(days(186));
  const second = statusOf(expiring, days(186));
  expect(second).toMatchObject({ status: "expiring", endsAt: days(200), changesAt: days(200) });
  expect(statusOf(expiring, days(200))).toEqual({
    status: "expired",
    since: days(200),
    endsAt: null,
    changesAt: null,
  });
  expect(statusOf({ ...key, ...rotating }, now)).toMatchObject({ endsAt: days(1), changesAt: days(1) });
});

test("a disabled key is live, an ended one is not", () => {
  expect(isLive({ expiresAt: days(1), revokedAt: null }, now)).toBe(true);
  expect(isLive({ expiresAt: now, revokedAt: null }, now)).toBe(false);
  expect(isLive({ expiresAt: null, revokedAt: now }, now)).toBe(false);
});
