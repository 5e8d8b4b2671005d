import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { setRate, settleCosts } from "@/test/costs/settle";
import { openingOf, randomEvent } from "@/test/usage/random-event";
import { addPod } from "@/test/usage/team";
import { closePostgres, postgres } from "../postgres";
import type { UsageEvent } from "../usage/event";
import { closeLost, writeEvents } from "../usage/mutations";

afterAll(closePostgres);

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** A full hour some days ago. */
const hourAgo = (hours: number) => Math.floor(Date.now() / HOUR - hours) * HOUR;
const [ANN, BEN] = [randomUUID(), randomUUID()].sort() as [string, string];

const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);

/** A call that took `minutes` from so many minutes after a moment. */
function call(podId: string, memberId: string, from: number, [start, minutes]: [number, number], tokens = 100) {
  return randomEvent({
    atMs: from + start * MINUTE,
    durationMs: minutes * MINUTE,
    podId,
    memberId,
    keyId: memberId,
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: tokens,
  });
}

async function priced(hourlyMicroUsd: number, since: number, until?: number) {
  const podId = await addPod(postgres());
  await setRate(postgres(), podId, hourlyMicroUsd, since, until);
  return podId;
}

/** What an hour came to: its bill, what was idle, and the shares of members. */
async function hourOf(podId: string, at: number) {
  const hour = await postgres().query<{ bill: number; idle: number; busy: number }>(
    `SELECT bill_micro_usd AS bill, idle_micro_usd AS idle, busy_ms AS busy FROM pod_hours WHERE pod_id = $1 AND hour_at = $2`,
    [podId, new Date(at)],
  );
  const shares = await postgres().query<{ member: string; gpu: number; idle: number }>(
    `SELECT member_id AS member, sum(gpu_micro_usd)::bigint AS gpu, sum(idle_micro_usd)::bigint AS idle
     FROM usage_costs WHERE pod_id = $1 AND hour_at = $2 GROUP BY 1`,
    [podId, new Date(at)],
  );
  const of = (member: string) => shares.rows.find((row) => row.member === member)?.gpu ?? 0;
  const total = shares.rows.reduce((sum, { gpu, idle }) => sum + gpu + idle, 0);
  return { ...hour.rows[0], total, ann: of(ANN), ben: of(BEN) };
}

test("one small call in an hour costs its own seconds, and the rest of the hour is idle", async () => {
  const at = hourAgo(30);
  const podId = await priced(780_000, at, at + HOUR);
  await write(call(podId, ANN, at, [10, 0.1]));
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toEqual({
    bill: 780_000,
    idle: 778_700,
    busy: 6_000,
    total: 780_000,
    ann: 1_300,
    ben: 0,
  });
});

test("calls at the same time share the time once, by their weighted tokens", async () => {
  const at = hourAgo(30);
  const podId = await priced(1_000_000, at, at + HOUR);
  await write(
    { ...call(podId, ANN, at, [0, 30]), promptTokens: 1_000, cachedTokens: 1_000, completionTokens: 0 },
    { ...call(podId, BEN, at, [0, 30]), promptTokens: 100, cachedTokens: 0, completionTokens: 50 },
  );
  await settleCosts(postgres());
  // 1,000 cached at 0.1 are 100; 100 at 1 and 50 at 4 are 300.
  expect(await hourOf(podId, at)).toMatchObject({ bill: 1_000_000, idle: 500_000, ann: 125_000, ben: 375_000 });
});

test("a price that changes within the hour counts for its minutes, and time without a price for nothing", async () => {
  const at = hourAgo(30);
  const podId = await priced(600_000, at, at + 20 * MINUTE);
  await setRate(postgres(), podId, 1_200_000, at + 20 * MINUTE, at + 50 * MINUTE);
  await write(call(podId, ANN, at, [10, 15]), call(podId, BEN, at, [55, 1]));
  await settleCosts(postgres());
  // 20 min at 0.60 and 30 min at 1.20; busy 10 min of the first and 5 of the second. What ran unbilled shares too.
  const hour = await hourOf(podId, at);
  expect(hour).toMatchObject({ bill: 800_000, idle: 600_000, busy: 15 * MINUTE, total: 800_000 });
  expect(hour.ann + hour.ben).toBe(200_000);
});

test("a call over the full hour is divided by its time on either side, and nobody else pays for it", async () => {
  const at = hourAgo(30);
  const podId = await priced(1_000_000, at, at + 2 * HOUR);
  await write(call(podId, ANN, at, [30, 60], 4_000), call(podId, BEN, at, [61, 1], 2_000));
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toMatchObject({ ann: 500_000, idle: 500_000, ben: 0 });
  expect(await hourOf(podId, at + HOUR)).toMatchObject({ ann: 250_000, ben: 250_000, idle: 500_000 });
});

test("a call of many hours reaches all of them", async () => {
  const at = hourAgo(40);
  const podId = await priced(1_000_000, at, at + 8 * HOUR);
  await write(call(podId, ANN, at, [0, 6 * 60 + 30], 1_000));
  await settleCosts(postgres());
  const shares = await Promise.all([0, 3, 6, 7].map(async (n) => (await hourOf(podId, at + n * HOUR)).ann));
  expect(shares).toEqual([1_000_000, 1_000_000, 500_000, 0]);
});

test("a row that lands later has its hours shared out again; replays and openings change nothing", async () => {
  const at = hourAgo(30);
  const podId = await priced(1_000_000, at, at + 2 * HOUR);
  const early = call(podId, ANN, at, [0, 30]);
  await write(early);
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toMatchObject({ ann: 500_000, ben: 0, idle: 500_000 });
  const late = call(podId, BEN, at, [50, 20]);
  await write(early, openingOf(late));
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toMatchObject({ ann: 500_000, ben: 0 });
  await write(late);
  await settleCosts(postgres());
  const [first, second] = [await hourOf(podId, at), await hourOf(podId, at + HOUR)];
  expect(first).toMatchObject({ bill: 1_000_000, total: 1_000_000, busy: 40 * MINUTE });
  expect(first.ann).toBe(444_444); // of 666,666: 100 tokens against the half of 100 before the hour's end
  expect(second).toMatchObject({ ben: 166_666, idle: 833_334, total: 1_000_000 });
});

test("a call given up for lost costs nothing, and its own time once its end turns up", async () => {
  const at = hourAgo(30);
  const podId = await priced(1_000_000, at, at + HOUR);
  const late = call(podId, ANN, at, [0, 30]);
  const replicaId = randomUUID();
  await writeEvents(postgres(), replicaId, [openingOf(late)]);
  await closeLost(postgres(), [replicaId]);
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toMatchObject({ ann: 0, idle: 1_000_000 });
  await write(late);
  await settleCosts(postgres());
  expect(await hourOf(podId, at)).toMatchObject({ ann: 500_000, idle: 500_000 });
});

test("weights hold from the next full hour on", async () => {
  const at = hourAgo(30);
  const podId = await priced(1_000_000, at, at + 2 * HOUR);
  await postgres().query("INSERT INTO token_weights VALUES ($1, 1000, 0, 1000)", [new Date(at + 30 * MINUTE)]);
  for (const start of [0, 60]) {
    await write(
      { ...call(podId, ANN, at, [start, 30]), promptTokens: 400, completionTokens: 0 },
      { ...call(podId, BEN, at, [start, 30]), promptTokens: 0, completionTokens: 100 },
    );
  }
  await settleCosts(postgres());
  await postgres().query("DELETE FROM token_weights WHERE since = $1", [new Date(at + 30 * MINUTE)]);
  expect(await hourOf(podId, at)).toMatchObject({ ann: 250_000, ben: 250_000 });
  expect(await hourOf(podId, at + HOUR)).toMatchObject({ ann: 400_000, ben: 100_000 });
});

test("the running hour is shared out so far", async () => {
  const podId = await priced(3_600_000, hourAgo(0));
  const elapsed = Date.now() - hourAgo(0);
  await settleCosts(postgres());
  const { bill = 0, idle } = await hourOf(podId, hourAgo(0));
  expect(bill).toBeGreaterThanOrEqual(elapsed);
  expect(bill).toBeLessThan(elapsed + 60_000);
  expect(idle).toBe(bill);
});

test("whatever ran, shares and idle add up to the bill, each within two micro-dollars of its exact part", async () => {
  const piece = fc.record({
    member: fc.integer({ min: 0, max: 6 }),
    start: fc.integer({ min: -40 * MINUTE, max: 3 * HOUR - 1 }),
    length: fc.integer({ min: 0, max: 90 * MINUTE }),
    queue: fc.integer({ min: 0, max: 20_000 }),
    prompt: fc.integer({ min: 0, max: 5_000 }),
    completion: fc.integer({ min: 0, max: 3_000 }),
  });
  const members = Array.from({ length: 7 }, () => randomUUID());
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 25 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 * HOUR - 1 }), fc.integer({ min: 0, max: 9_999_999 })), {
        maxLength: 3,
      }),
      async (pieces, changes) => {
        turn += 1;
        const at = hourAgo(100 + 5 * turn);
        const podId = await addPod(postgres());
        const cuts = [0, ...new Set(changes.map(([moment]) => moment)), 3 * HOUR].sort((a, b) => a - b);
        const rates = cuts.slice(1).map((until, index) => {
          const rate = changes[index]?.[1] ?? 777_777;
          return { since: at + (cuts[index] ?? 0), until: at + until, rate };
        });
        for (const { since, until, rate } of rates) if (rate > 0) await setRate(postgres(), podId, rate, since, until);
        const events = pieces.map((one) =>
          randomEvent({
            atMs: at + one.start,
            durationMs: one.length,
            queueMs: Math.min(one.queue, one.length),
            podId,
            memberId: members[one.member],
            keyId: members[one.member],
            promptTokens: one.prompt,
            cachedTokens: Math.floor(one.prompt / 3),
            completionTokens: one.completion,
          }),
        );
        // In several batches, some of it twice, and settled in between: the order must not matter.
        await write(...events.slice(0, 9));
        await settleCosts(postgres());
        if (events.length > 4) await write(...events.slice(4));
        await settleCosts(postgres());
        const { rows: hours } = await postgres().query<{ at: Date; bill: number; idle: number; sum: number }>(
          `SELECT hour_at AS at, bill_micro_usd AS bill, idle_micro_usd AS idle, (SELECT sum(gpu_micro_usd + idle_micro_usd)::bigint
             FROM usage_costs AS cost WHERE cost.pod_id = hour.pod_id AND cost.hour_at = hour.hour_at) AS sum
           FROM pod_hours AS hour WHERE pod_id = $1 ORDER BY 1`,
          [podId],
        );
        const { rows: shares } = await postgres().query<{ at: Date; member: string; gpu: number }>(
          "SELECT hour_at AS at, member_id AS member, sum(gpu_micro_usd)::bigint AS gpu FROM usage_costs WHERE pod_id = $1 AND gpu_micro_usd > 0 GROUP BY 1, 2",
          [podId],
        );
        for (const hour of [0, 1, 2].map((n) => at + n * HOUR)) {
          const exact = exactSplit(events, rates, hour);
          const found = hours.find((row) => row.at.getTime() === hour);
          expect(found?.bill ?? 0).toBe(Math.round(exact.bill));
          if (found === undefined) continue;
          expect(found.sum ?? 0).toBe(found.bill);
          for (const [member, share] of exact.shares) {
            const own = shares.find((row) => row.at.getTime() === hour && row.member === member)?.gpu ?? 0;
            expect(Math.abs(own - share)).toBeLessThan(2.001);
          }
        }
      },
    ),
    { numRuns: 25 },
  );
});

type Rate = { since: number; until: number; rate: number };

/** The same in floating point, millisecond runs joined by hand. */
function exactSplit(events: UsageEvent[], rates: Rate[], hour: number) {
  const price = (from: number, to: number) =>
    rates.reduce((sum, { since, until, rate }) => {
      const overlap = Math.min(to, until) - Math.max(from, since);
      return sum + (overlap > 0 ? (overlap * rate) / HOUR : 0);
    }, 0);
  const parts = events.flatMap((event) => {
    const began = event.atMs + (event.queueMs ?? 0);
    const ended = Math.max(event.atMs + (event.durationMs ?? 0), began + 1);
    const [from, to] = [Math.max(began, hour), Math.min(ended, hour + HOUR)];
    const whole =
      (event.promptTokens - event.cachedTokens) * 1_000 + event.cachedTokens * 100 + event.completionTokens * 4_000;
    const weight = Math.floor((whole * (to - from)) / (ended - began));
    return from < to && weight > 0 ? [{ member: event.memberId, from, to, weight }] : [];
  });
  const busy: { from: number; to: number }[] = [];
  for (const { from, to } of parts.sort((a, b) => a.from - b.from)) {
    const last = busy.at(-1);
    if (last === undefined || from > last.to) busy.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  const due = busy.reduce((sum, { from, to }) => sum + price(from, to), 0);
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const { member, weight } of parts) shares.set(member, (shares.get(member) ?? 0) + (due * weight) / all);
  return { bill: price(hour, hour + HOUR), shares };
}
