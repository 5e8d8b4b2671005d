import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { randomEvent } from "@/test/usage/random-event";
import { sumUpWithin } from "@/test/usage/sum-up";
import { addMember } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import type { UsageEvent } from "../event";
import { writeEvents } from "../mutations";
import { usageSeries } from "../queries";
import { sumUpDays } from "./mutations";
import { summedDays } from "./queries";

afterAll(closePostgres);

const DAY = 86_400_000;
const ZONE = "Asia/Kathmandu";
// A whole number of days ago, at Kathmandu's midnight: days further back than a year are not summed up.
const midnight = (daysAgo: number) =>
  Math.floor((Date.now() + 5.75 * 3_600_000) / DAY - daysAgo) * DAY - 5.75 * 3_600_000;
const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);

async function spansOf(from: number, to: number) {
  return (await summedDays(ZONE, { from: new Date(from), to: new Date(to) })).spans.length;
}

test("days that are over are summed up; a late row is counted at once, and its day summed up again", async () => {
  const member = await addMember(postgres());
  const [from, to] = [midnight(20), midnight(15)];
  const during = (day: number) => randomEvent({ atMs: from + day * DAY + 1_000, memberId: member.id });
  await write(during(0), during(1), during(1), during(4));
  const requests = async () => {
    const ask = { from: new Date(from), to: new Date(to), bucket: "day", timeZone: ZONE, groupBy: null } as const;
    return (await usageSeries(member.actor, ask)).groups[0]?.points.map((point) => point.requests);
  };
  expect(await requests()).toEqual([1, 2, 0, 0, 1]);
  await sumUpWithin(postgres(), [ZONE], { from: new Date(from), to: new Date(to) });
  expect(await spansOf(from, to)).toBe(5);
  expect(await requests()).toEqual([1, 2, 0, 0, 1]);
  const shift = (by: number) =>
    postgres().query("UPDATE usage_days SET completed = completed + $1 WHERE zone = $2 AND member_id = $3", [
      by,
      ZONE,
      member.id,
    ]);
  await shift(10);
  expect(await requests(), "the sums are what is read").toEqual([11, 22, 0, 0, 11]);
  await shift(-10);
  await write(during(1), during(2));
  expect(await spansOf(from, to)).toBe(3);
  expect(await requests()).toEqual([1, 3, 1, 0, 1]);
  await sumUpWithin(postgres(), [ZONE], { from: new Date(from), to: new Date(to) });
  expect(await spansOf(from, to)).toBe(5);
  expect(await requests()).toEqual([1, 3, 1, 0, 1]);
});

test("today is never summed up", async () => {
  await write(randomEvent());
  await sumUpWithin(postgres(), [ZONE], { from: new Date(midnight(2)), to: new Date(midnight(-1)) });
  expect(await spansOf(midnight(0), midnight(-1))).toBe(0);
});

test("rows that come while days are summed up are in the sums, or their day is not called ready", async () => {
  const member = await addMember(postgres());
  const from = midnight(40);
  const busy = (async () => {
    for (let n = 0; n < 60; n += 1) {
      await write(
        ...Array.from({ length: 5 }, (_, k) =>
          randomEvent({ atMs: from + ((n + k) % 6) * DAY + n, memberId: member.id }),
        ),
      );
    }
  })();
  const summing = (async () => {
    for (let n = 0; n < 15; n += 1) {
      await sumUpDays(postgres());
      await postgres().query(
        "UPDATE usage_day_spans SET announced_at = now() - interval '1 hour' WHERE built_at IS NULL AND starts_at >= $1 AND ends_at <= $2",
        [new Date(from), new Date(from + 6 * DAY)],
      );
    }
  })();
  await Promise.all([busy, summing]);
  const { rows } = await postgres().query(
    `SELECT span.starts_at FROM usage_day_spans AS span
     WHERE built_at IS NOT NULL AND starts_at >= $1 AND ends_at <= $2 AND
       (SELECT coalesce(sum(completed), 0) FROM usage_days AS day WHERE day.zone = span.zone AND day.starts_at = span.starts_at)
       <> (SELECT coalesce(sum(completed), 0) FROM usage_rollups WHERE bucket_at >= span.starts_at AND bucket_at < span.ends_at)`,
    [new Date(from), new Date(from + 6 * DAY)],
  );
  expect(rows).toEqual([]);
});
