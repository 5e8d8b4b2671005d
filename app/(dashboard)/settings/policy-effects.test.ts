import { expect, test } from "vitest";
import { effectsOf } from "./policy-effects";

const before = { maxKeyDays: 90, maxKeysPerMember: 20, eventRetentionDays: 90, emailDomains: ["example.org"] };
const same = {
  maxKeyDays: 90,
  maxKeysPerMember: 20,
  eventRetentionDays: 90,
  emailDomains: "example.org",
  limitsChanged: false,
};

test("a policy saved as it was asks nothing", () => {
  expect(effectsOf(before, same, 4)).toEqual([]);
});

test("a shorter life says how many keys outlive it, and a longer one says nothing", () => {
  expect(effectsOf(before, { ...same, maxKeyDays: 30 }, 4)[0]).toMatch(/^4 keys outlive the new maximum/);
  expect(effectsOf(before, { ...same, maxKeyDays: 30 }, 1)[0]).toMatch(/^1 key outlives/);
  expect(effectsOf(before, { ...same, maxKeyDays: 365 }, 4)).toEqual([]);
  expect(effectsOf(before, { ...same, maxKeyDays: null }, 0)).toEqual([]);
});

test("a shorter retention says that requests go for good", () => {
  expect(effectsOf(before, { ...same, eventRetentionDays: 7 }, 0)).toEqual([
    "Requests older than 7 days are removed for good; totals remain.",
  ]);
});
