import { expect, test } from "vitest";
import { liveFacts } from "@/test/fixtures/caller-facts";
import { AppError } from "../errors";
import { NO_LIMITS } from "../keys/limits";
import { createAdmit, LimitReached } from "./admit";
import type { Account } from "./ask";
import { createLedger } from "./ledger";
import { resetText } from "./limit-headers";

function rig(tokensOf: () => Promise<number> = async () => 0, moneyOf: () => Promise<number> = async () => 0) {
  const spentOf = async ({ limits }: Account) => ({
    tokens: limits.monthlyTokens === null ? null : await tokensOf(),
    microUsd: limits.monthlyMicroUsd === null ? null : await moneyOf(),
    microUsdPerToken: 5,
  });
  const clock = { now: 0, wall: Date.parse("2026-11-30T23:59:00Z") };
  const now = () => clock.now;
  const options = { store: createLedger(now), roleLimits: () => NO_LIMITS, spentOf, now, wall: () => clock.wall };
  return { clock, admit: createAdmit(options) };
}

const limited = (limits: Partial<typeof NO_LIMITS>) => liveFacts({ limits: { ...NO_LIMITS, ...limits } });

test("a caller whom nothing limits is let in at once, without a header", () => {
  expect(rig().admit("1", liveFacts(), 10)).toMatchObject({ headers: {} });
});

test("a refusal says when there is room, and how far each limit is used", async () => {
  const { admit } = rig();
  const key = limited({ rpm: 1, tpm: 100 });
  await admit("1", key, 40);
  expect(() => admit("2", key, 40)).toThrow(
    expect.objectContaining({
      code: "rate_limit_exceeded",
      retryAfterSeconds: 60,
      headers: expect.objectContaining({
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-remaining-tokens": "60",
      }),
    }),
  );
});

test("a budget is read once for however many calls wait for it, and is another one in the next month", async () => {
  let loads = 0;
  const { admit, clock } = rig(async () => {
    loads += 1;
    return loads === 1 ? 100 : 0;
  });
  const key = limited({ monthlyTokens: 100 });
  const refused = await Promise.allSettled([1, 2, 3].map(async (id) => admit(String(id), key, 1)));
  expect(refused.map((result) => result.status === "rejected" && result.reason.code)).toEqual(
    Array(3).fill("insufficient_quota"),
  );
  expect(loads).toBe(1);
  clock.wall += 60_000;
  await expect(Promise.resolve(admit("4", key, 1))).resolves.toBeDefined();
});

test("while nobody can say what is left of a budget, nobody gets in", async () => {
  const { admit } = rig(() => Promise.reject(new AppError("database_unavailable", "away")));
  await expect(admit("1", limited({ monthlyTokens: 100 }), 1)).rejects.toMatchObject({ code: "database_unavailable" });
});

test("what others have used is looked at now and then, without keeping a call waiting", async () => {
  let spent = 0;
  const { admit, clock } = rig(async () => spent);
  const key = limited({ monthlyTokens: 100 });
  await admit("1", key, 1);
  spent = 100;
  clock.now += 10_000;
  await admit("2", key, 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(() => admit("3", key, 1)).toThrow(LimitReached);
});

test("money that is used up is refused with a code of its own, and nobody is told to try again", async () => {
  const { admit } = rig(undefined, async () => 5_000_000);
  const refused = await Promise.resolve(admit("1", limited({ monthlyMicroUsd: 5_000_000 }), 1)).catch((error) => error);
  expect(refused).toMatchObject({ code: "budget_exhausted", retryAfterSeconds: undefined });
  expect(refused.message).toBe(
    "This key has used up $5 of GPU time a month. The next month begins on the 1st, 00:00 UTC.",
  );
  expect(refused.answer).toEqual({ status: 429, retry: false });
});

test("what calls are expected to cost is held while they run, and kept for a minute until the hours are shared out", async () => {
  let spent = 900;
  const { admit, clock } = rig(undefined, async () => spent);
  const key = limited({ monthlyMicroUsd: 1_000 });
  const first = await admit("1", key, 20); // nobody knew yet what a token costs
  const second = await admit("2", key, 20); // 100 micro-dollars
  expect(() => admit("3", key, 1)).toThrow(expect.objectContaining({ code: "budget_exhausted" }));
  second.settle({ minuteTokens: 10, monthTokens: 10 });
  first.giveBack();
  const third = await admit("4", key, 10);
  expect(() => admit("5", key, 1), "50 of the second and 50 of the third").toThrow(LimitReached);
  third.settle({ minuteTokens: 10, monthTokens: 10 });
  expect(() => admit("6", key, 1)).toThrow(LimitReached);
  // A minute later the shares have them; they may have become less by then.
  spent = 950;
  clock.now += 61_000;
  await admit("7", key, 1);
});

test("an old figure lets nobody in: money that cannot be looked up any more is refused within a minute", async () => {
  let isAway = false;
  const { admit, clock } = rig(undefined, async () => {
    if (isAway) throw new AppError("database_unavailable", "away");
    return 0;
  });
  const key = limited({ monthlyMicroUsd: 1_000 });
  await admit("1", key, 1);
  isAway = true;
  clock.now += 30_000;
  await admit("2", key, 1);
  await new Promise((resolve) => setImmediate(resolve));
  clock.now += 31_000;
  await expect(admit("3", key, 1)).rejects.toMatchObject({ code: "database_unavailable" });
});

test.each([
  [0, "0s"],
  [1, "1s"],
  [59_001, "1m0s"],
  [360_000, "6m0s"],
])("%d ms are written %s", (ms, text) => expect(resetText(ms)).toBe(text));
