import { expect, test } from "vitest";
import { ACCOUNT_STREAK, ADDRESS_FAILURES, admission, type Counts, PAIR_FAILURES, WINDOW_MS } from "./throttle";

const startedAt = new Date("2026-03-29T00:30:00Z");
const windowEnd = new Date(startedAt.getTime() + WINDOW_MS);
const counted = (pair: number, address: number | null, streak: number | null): Counts => ({
  pair: { failures: pair, windowStartedAt: startedAt },
  address: address === null ? null : { failures: address, windowStartedAt: startedAt },
  account: streak === null ? null : { streak },
});

test.each([
  ["the tenth try of a pair", counted(PAIR_FAILURES, 1, 1)],
  ["the fiftieth of an address", counted(1, ADDRESS_FAILURES, 1)],
  ["the hundredth in a row of an account", counted(1, 1, ACCOUNT_STREAK)],
  ["an unknown address", counted(1, null, 1)],
])("%s is still looked at", (_name, counts) => {
  expect(admission(counts)).toEqual({ allowed: true });
});

test.each([
  ["pair", counted(PAIR_FAILURES + 1, null, null), windowEnd, true],
  ["pair", counted(PAIR_FAILURES + 2, null, null), windowEnd, false],
  ["address", counted(1, ADDRESS_FAILURES + 1, null), windowEnd, true],
  ["account", counted(1, 1, ACCOUNT_STREAK + 1), null, true],
  ["account", counted(1, null, ACCOUNT_STREAK + 2), null, false],
])("one too many for the %s is refused, and reported once", (reason, counts, until, isFirst) => {
  expect(admission(counts)).toEqual({ allowed: false, reason, until, isFirst });
});
