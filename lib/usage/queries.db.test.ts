import { randomInt, randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomEvent } from "@/test/usage/random-event";
import { sumUpWithin } from "@/test/usage/sum-up";
import { addMember, addPod, type TestMember } from "@/test/usage/team";
import { closePostgres, postgres } from "../postgres";
import type { Bucket } from "./buckets";
import type { UsageEvent } from "./event";
import { binOf, percentilesOf } from "./histogram";
import { latencySeries } from "./latency/queries";
import { writeEvents } from "./mutations";
import { usageSeries, usageTable, usageTotals } from "./queries";
import type { Range } from "./rollup";
import { sparklines } from "./sparklines/queries";

afterAll(closePostgres);

const HOUR = 3_600_000;
const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);
const at = (time: string) => Date.parse(time);

/** Times at which clocks change, days begin off the hour, and months end. */
const MOMENTS = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-10-24T18:15:00Z", "2026-11-01T00:00:00Z"].map(
  at,
);
const OUTCOMES = ["completed", "client_closed", "upstream_error", "timeout", "rejected", "lost"] as const;

describe("against adding up by hand", () => {
  let member: TestMember;
  let events: UsageEvent[];
  let pods: string[];

  beforeAll(async () => {
    member = await addMember(postgres());
    pods = [await addPod(postgres()), await addPod(postgres())];
    events = Array.from({ length: 900 }, (_, n) => {
      const around = MOMENTS[n % MOMENTS.length] ?? 0;
      return randomEvent({
        atMs: around + randomInt(-30 * HOUR, 30 * HOUR),
        memberId: member.id,
        keyId: member.keyIds[n % 3 === 0 ? 0 : 1],
        podId: n % 7 === 0 ? null : (pods[n % 2] ?? null),
        model: n % 11 === 0 ? null : `model ${n % 3}`,
        outcome: OUTCOMES[randomInt(OUTCOMES.length)] ?? "completed",
        tokenSource: n % 13 === 0 ? "estimated" : "measured",
        ttftMs: n % 5 === 0 ? null : randomInt(1, 4_000),
      });
    });
    await write(...events);
    await write({
      ...randomEvent({ atMs: MOMENTS[0] ?? 0, memberId: member.id, keyId: member.keyIds[0] }),
      outcome: "open",
    });
    const zones = ["UTC", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"];
    for (const moment of MOMENTS) {
      await sumUpWithin(postgres(), zones, { from: new Date(moment - 40 * HOUR), to: new Date(moment + 60 * HOUR) });
    }
  }, 120_000);

  const range = fc
    .tuple(
      fc.constantFrom(...MOMENTS),
      fc.integer({ min: -40 * HOUR, max: 20 * HOUR }),
      fc.oneof(fc.integer({ min: 1, max: 9 * HOUR }), fc.integer({ min: 1, max: 100 * HOUR })),
    )
    .map(
      ([around, offset, length]): Range => ({
        from: new Date(around + offset),
        to: new Date(around + offset + length),
      }),
    );
  const zone = fc.constantFrom("UTC", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe");
  const within = ({ from, to }: Range) => events.filter((event) => event.atMs >= +from && event.atMs < +to);
  const sum = (some: UsageEvent[], field: "promptTokens" | "cachedTokens" | "completionTokens") =>
    some.reduce((total, event) => total + event[field], 0);
  const measuresOf = (some: UsageEvent[]) => ({
    requests: some.length,
    completed: some.filter(({ outcome }) => outcome === "completed").length,
    lost: some.filter(({ outcome }) => outcome === "lost").length,
    estimated: some.filter(({ tokenSource }) => tokenSource === "estimated").length,
    promptTokens: sum(some, "promptTokens"),
    cachedTokens: sum(some, "cachedTokens"),
    completionTokens: sum(some, "completionTokens"),
  });
  const percentiles = (some: UsageEvent[], field: "ttftMs" | "durationMs") =>
    percentilesOf(
      some.flatMap((event) => (event[field] === null ? [] : [{ bin: binOf(event[field] ?? 0), count: 1 }])),
    );

  test("totals hold exactly what lies in the range, to the millisecond", () =>
    fc.assert(
      fc.asyncProperty(range, async (asked) => {
        const totals = await usageTotals(member.actor, asked);
        expect(totals).toMatchObject(measuresOf(within(asked)));
        expect(totals.ttft).toEqual(percentiles(within(asked), "ttftMs"));
      }),
      { numRuns: 40 },
    ));

  /** The clock's reading in a zone, as far as a bucket tells moments apart. Repeated hours differ by their offset. */
  const reading = (ms: number, bucket: Bucket, timeZone: string) => {
    const parts = new Intl.DateTimeFormat("sv", {
      timeZone,
      dateStyle: "short",
      ...(bucket === "day" ? {} : { timeStyle: "full" as const }),
    }).format(ms);
    if (bucket === "day") return parts;
    const [, hour = "", minute = "", rest = ""] = /^(.*\d\d):(\d\d):\d\d(.*)$/.exec(parts) ?? [];
    if (bucket === "hour") return `${hour}${rest}`;
    return bucket === "minute" ? `${hour}:${minute}${rest}` : `${hour}:${Math.floor(Number(minute) / 15)}${rest}`;
  };

  test("series cut the same events by the zone's own clock, on days of 23, 24 and 25 hours", () =>
    fc.assert(
      fc.asyncProperty(
        range,
        zone,
        fc.constantFrom<Bucket>("quarter", "hour", "day"),
        async (asked, timeZone, bucket) => {
          const { buckets, groups } = await usageSeries(member.actor, { ...asked, bucket, timeZone, groupBy: null });
          expect(buckets).toEqual([...buckets].sort((a, b) => +a - +b));
          const got = new Map<string, number>();
          buckets.forEach((start, index) => {
            const requests = groups[0]?.points[index]?.requests ?? 0;
            if (requests > 0) got.set(reading(+start, bucket, timeZone), requests);
          });
          const byHand = new Map<string, number>();
          for (const { atMs } of within(asked)) {
            const label = reading(atMs, bucket, timeZone);
            byHand.set(label, (byHand.get(label) ?? 0) + 1);
          }
          expect([...got].sort()).toEqual([...byHand].sort());
        },
      ),
      { numRuns: 60 },
    ));

  test("tables and series tell groups apart without losing or doubling anything", () =>
    fc.assert(
      fc.asyncProperty(range, fc.constantFrom("model", "key", "member", "pod", "outcome"), async (asked, groupBy) => {
        const idOf = { model: "model", key: "keyId", member: "memberId", pod: "podId", outcome: "outcome" } as const;
        const expected = new Map<string | null, number>();
        for (const event of within(asked)) {
          const id = event[idOf[groupBy]];
          expected.set(id, (expected.get(id) ?? 0) + 1);
        }
        const { rows: table, totals } = await usageTable(member.actor, { ...asked, groupBy });
        expect(totals).toEqual(await usageTotals(member.actor, asked));
        expect(new Map(table.map(({ id, requests }) => [id, requests]))).toEqual(expected);
        const shares = table.reduce((total, row) => total + row.requestShare, 0);
        expect(shares).toBeCloseTo(table.length === 0 ? 0 : 1);
        const series = await usageSeries(member.actor, {
          ...asked,
          bucket: "hour",
          timeZone: "Europe/Berlin",
          groupBy,
        });
        expect(new Map(series.groups.map(({ id, total }) => [id, total.requests]))).toEqual(expected);
      }),
      { numRuns: 40 },
    ));

  test("a table's percentiles are those of its group alone", async () => {
    const asked = {
      from: new Date((MOMENTS[0] ?? 0) - 29 * HOUR),
      to: new Date((MOMENTS[0] ?? 0) + 29 * HOUR + 1_234),
    };
    const { rows } = await usageTable(member.actor, { ...asked, groupBy: "key" });
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      const own = within(asked).filter(({ keyId }) => keyId === row.id);
      expect(row).toMatchObject(measuresOf(own));
      expect(row.ttft).toEqual(percentiles(own, "ttftMs"));
    }
  });

  test("latency in each bucket is that of its own requests", async () => {
    const asked = { from: new Date((MOMENTS[1] ?? 0) - 20 * HOUR), to: new Date((MOMENTS[1] ?? 0) + 20 * HOUR) };
    const timeZone = "Europe/Berlin";
    for (const waited of ["ttft", "duration"] as const) {
      for (const bucket of ["minute", "quarter", "hour", "day"] as const) {
        const { buckets, points } = await latencySeries(member.actor, { ...asked, bucket, timeZone }, waited);
        const byHand = new Map<string, UsageEvent[]>();
        for (const event of within(asked)) {
          const label = reading(event.atMs, bucket, timeZone);
          byHand.set(label, [...(byHand.get(label) ?? []), event]);
        }
        buckets.forEach((start, index) => {
          const own = byHand.get(reading(+start, bucket, timeZone)) ?? [];
          expect(points[index]).toEqual(percentiles(own, `${waited}Ms`));
        });
      }
    }
  });

  test("what is wanted of a series is all that is read, and the same as when everything is", () =>
    fc.assert(
      fc.asyncProperty(
        range,
        fc.constantFrom<Bucket>("minute", "quarter", "hour", "day"),
        fc.constantFrom("model", "key", "pod", null),
        fc.constantFrom("requests", "tokens"),
        async (asked, bucket, groupBy, rankBy) => {
          const ask = { ...asked, bucket, timeZone: "Asia/Kathmandu", groupBy, rankBy } as const;
          const measures = ["promptTokens", "lost"] as const;
          const [all, some] = [
            await usageSeries(member.actor, ask),
            await usageSeries(member.actor, { ...ask, measures }),
          ];
          expect(some.groups.map(({ id }) => id)).toEqual(all.groups.map(({ id }) => id));
          some.groups.forEach(({ points, total }, index) => {
            const { promptTokens, lost } = all.groups[index]?.total ?? { promptTokens: null, lost: null };
            expect(total).toEqual({ ...total, promptTokens, lost });
            points.forEach((point, at) => {
              const whole = all.groups[index]?.points[at];
              expect([point.promptTokens, point.lost]).toEqual([whole?.promptTokens, whole?.lost]);
            });
          });
        },
      ),
      { numRuns: 30 },
    ));

  test("filters narrow to what they name; an id that is none matches nothing", async () => {
    const asked = { from: new Date((MOMENTS[0] ?? 0) - 50 * HOUR), to: new Date((MOMENTS[0] ?? 0) + 50 * HOUR) };
    const filters = { keyIds: [member.keyIds[1]], models: ["model 1", "model 2"], podIds: [pods[1] ?? ""] };
    const own = within(asked).filter(
      ({ keyId, model, podId }) =>
        keyId === member.keyIds[1] && model !== "model 0" && model !== null && podId === pods[1],
    );
    expect(await usageTotals(member.actor, { ...asked, filters })).toMatchObject(measuresOf(own));
    const none = { keyIds: ["' OR true --"] };
    expect((await usageTotals(member.actor, { ...asked, filters: none })).requests).toBe(0);
  });
});

test.each([
  { zone: "Europe/Berlin", day: "2026-03-29", starts: "2026-03-28T23:00:00Z", hours: 23 },
  { zone: "Europe/Berlin", day: "2026-10-25", starts: "2026-10-24T22:00:00Z", hours: 25 },
  { zone: "Asia/Kathmandu", day: "2026-10-25", starts: "2026-10-24T18:15:00Z", hours: 24 },
])("$day in $zone begins at $starts and has $hours hours", async ({ zone, starts, hours }) => {
  const { actor } = await addMember(postgres());
  const from = new Date(starts);
  const to = new Date(+from + hours * HOUR);
  const days = await usageSeries(actor, { from, to, bucket: "day", timeZone: zone, groupBy: null });
  expect(days.buckets).toEqual([from]);
  const byHour = await usageSeries(actor, { from, to, bucket: "hour", timeZone: zone, groupBy: null });
  expect(byHour.buckets).toEqual(Array.from({ length: hours }, (_, n) => new Date(+from + n * HOUR)));
});

test("members see their own alone, whatever they ask for; admins see everybody", async () => {
  const [ada, bob, admin] = [
    await addMember(postgres()),
    await addMember(postgres()),
    await addMember(postgres(), "ADMIN"),
  ];
  const when = at("2026-07-01T10:00:00Z");
  const model = randomUUID();
  await write(
    randomEvent({ atMs: when, memberId: ada.id, keyId: ada.keyIds[0], model }),
    randomEvent({ atMs: when, memberId: bob.id, keyId: bob.keyIds[0], model }),
  );
  const ask = { from: new Date(when - 10 * HOUR), to: new Date(when + 10 * HOUR), filters: { models: [model] } };
  const requests = async (actor: TestMember["actor"], filters = {}) =>
    (await usageTotals(actor, { ...ask, filters: { ...ask.filters, ...filters } })).requests;
  expect(await requests(ada.actor)).toBe(1);
  expect(await requests(ada.actor, { memberIds: [bob.id] })).toBe(0);
  expect(await requests(ada.actor, { keyIds: [bob.keyIds[0]] })).toBe(0);
  expect(await requests(admin.actor)).toBe(2);
  expect(await requests(admin.actor, { memberIds: [bob.id] })).toBe(1);
  await expect(usageTotals({ ...ada.actor, memberId: null }, ask)).rejects.toMatchObject({ code: "forbidden" });
});

test("beyond the largest groups is one called Other, and nothing is missing", async () => {
  const member = await addMember(postgres());
  const when = at("2026-07-02T10:00:00Z");
  const events = Array.from({ length: 12 }, (_, model) =>
    Array.from({ length: model + 1 }, () =>
      randomEvent({
        atMs: when + model,
        memberId: member.id,
        model: `model ${model}`,
        promptTokens: 100 - model,
        cachedTokens: 0,
        completionTokens: 0,
      }),
    ),
  ).flat();
  await write(...events);
  const ask = {
    from: new Date(when - 10 * HOUR),
    to: new Date(when + 10 * HOUR),
    bucket: "hour",
    timeZone: "UTC",
    groupBy: "model",
  } as const;
  const { groups } = await usageSeries(member.actor, ask);
  expect(groups.map(({ name, total }) => [name, total.requests])).toEqual([
    ...[12, 11, 10, 9, 8, 7, 6, 5].map((requests) => [`model ${requests - 1}`, requests]),
    ["Other", 4 + 3 + 2 + 1],
  ]);
  expect(groups.at(-1)).toMatchObject({ id: null, isOther: true });
  expect((await usageSeries(member.actor, ask, 12)).groups).toHaveLength(12);
});

test("a sparkline has each of its days, used or not, by the zone's clock", async () => {
  const member = await addMember(postgres());
  const now = new Date("2026-07-10T20:00:00Z"); // the 11th in Kathmandu, since 18:15
  await write(
    randomEvent({ atMs: at("2026-07-10T18:14:59.999Z"), memberId: member.id, keyId: member.keyIds[0] }),
    randomEvent({ atMs: at("2026-07-10T18:15:00Z"), memberId: member.id, keyId: member.keyIds[0] }),
    randomEvent({ atMs: at("2026-07-10T19:00:00Z"), memberId: member.id, keyId: member.keyIds[0] }),
  );
  const lines = await sparklines(member.actor, member.keyIds, { days: 3, timeZone: "Asia/Kathmandu", now });
  const requests = (keyId: string) => lines.get(keyId)?.map((day) => day.requests);
  expect(requests(member.keyIds[0])).toEqual([0, 1, 2]);
  expect(requests(member.keyIds[1])).toEqual([0, 0, 0]);
  expect(lines.get(member.keyIds[0])?.[2]?.at).toEqual(new Date("2026-07-10T18:15:00Z"));
});

test.each(["+05:45", "Nowhere/City", "", "UTC; DROP TABLE users"])("the time zone %j is refused", async (timeZone) => {
  const { actor } = await addMember(postgres());
  const ask = { from: new Date(0), to: new Date(HOUR), bucket: "day", timeZone, groupBy: null } as const;
  await expect(usageSeries(actor, ask)).rejects.toMatchObject({ code: "invalid_request" });
});
