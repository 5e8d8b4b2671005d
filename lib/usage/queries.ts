import type { Actor } from "../auth/member";
import { postgres } from "../postgres";
import { type Bucket, bucketStart, bucketSteps } from "./buckets";
import { summedDays } from "./days/queries";
import { type Bin, type Percentiles, percentilesOf } from "./histogram";
import { type Measures, NO_USAGE, OUTCOME_FIELDS, SUMS, SUMS_AGAIN, sumOf } from "./measures";
import { previousRange, QUARTER_MS, type Range } from "./rollup";
import { Bindings, isId, partsOf, type SummedDays, type UsageFilters } from "./scope";
import { knownTimeZone } from "./time-zone";

/** By outcome requests can be told apart, their tokens can't: those are 0. */
export type GroupBy = "model" | "key" | "member" | "pod" | "outcome";

/** One of what is grouped by: `id` is the row's id, the model, or the outcome; null for "none" (no pod was asked, no model named). */
export type Group = {
  id: string | null;
  name: string;
  /** Whose key it is, in groups by key. */
  memberName: string | null;
};

export type UsageAsk = Range & { filters?: UsageFilters | undefined };

export type SeriesAsk = UsageAsk & {
  bucket: Bucket;
  /** IANA name; hours and days begin by its clock. */
  timeZone: string;
  groupBy: GroupBy | null;
  /** By what the largest groups are chosen; requests if left out. */
  rankBy?: "requests" | "tokens" | "money" | undefined;
};

export type UsageSeries = {
  /** Where each bucket begins, without a gap. The first and last may lie partly outside the range; nothing outside is counted. */
  buckets: Date[];
  /** Largest first; what is beyond `top` is the last, with `isOther`. `points` run parallel to `buckets`. */
  groups: (Group & { isOther: boolean; total: Measures; points: Measures[] })[];
};

/** Time to first token and duration in ms; null where nothing was measured. True percentiles of the whole span, never averages. */
export type Latency = { ttft: Percentiles | null; duration: Percentiles | null };

export type Totals = Measures & Latency;

export type TableRow = Group &
  Totals & {
    /** Parts of the whole table, 0 to 1. Tokens are prompt and completion together. */
    requestShare: number;
    tokenShare: number;
  };

/** How usage moved over a range. Idle money is told only where nothing is told apart: it is nobody's. */
export async function usageSeries(actor: Actor, ask: SeriesAsk, top = 8): Promise<UsageSeries> {
  if (ask.groupBy === "outcome") return byOutcome(await usageSeries(actor, { ...ask, groupBy: null }));
  const parameters = new Bindings();
  const zone = knownTimeZone(ask.timeZone);
  const days: SummedDays = ask.bucket === "day" ? await summedDays(zone, ask) : { zone, spans: [] };
  const parts = partsOf(actor, ask, ask.filters, parameters, days, ask.groupBy === null ? "all" : "shares");
  const rank = RANKS[ask.rankBy ?? "requests"];
  const start = bucketStart(ask.bucket, "at", parameters.add(zone, "text"));
  const limit = parameters.add(top, "int");
  const [buckets, { rows }] = await Promise.all([
    bucketsOf(ask),
    postgres().query<Measures & { id: string; rank: number; start: Date }>(
      // In two steps: the zone's clock is asked once a quarter of an hour, not once a row.
      `WITH pieces AS (SELECT ${idOf(ask.groupBy)} AS id, at, ${SUMS} FROM (${parts}) AS parts GROUP BY 1, 2),
       grouped AS (SELECT id::text, ${start} AS start, ${SUMS_AGAIN} FROM pieces GROUP BY 1, 2),
       ranked AS (SELECT id, row_number() OVER (ORDER BY sum(${rank}) DESC, sum("requests") DESC, id) AS place
                  FROM grouped GROUP BY id)
       SELECT least(place, ${limit} + 1)::int AS rank, min(id) AS id, start, ${SUMS_AGAIN}
       FROM grouped JOIN ranked USING (id) GROUP BY 1, start ORDER BY 1, start`,
      parameters.values,
    ),
  ]);
  const place = new Map(buckets.map((at, index) => [at.getTime(), index]));
  const groups = new Map<number, { id: string; points: Measures[] }>();
  for (const { id, rank, start, ...measures } of rows) {
    const group = groups.get(rank) ?? { id, points: buckets.map(() => NO_USAGE) };
    group.points[place.get(start.getTime()) ?? 0] = measures;
    groups.set(rank, group);
  }
  const named = await namesOf(
    ask.groupBy,
    [...groups.values()].map(({ id }) => id),
  );
  return {
    buckets,
    groups: [...groups].map(([rank, { id, points }]) => ({
      ...(rank > top ? OTHER : named(id)),
      isOther: rank > top,
      total: sumOf(points),
      points,
    })),
  };
}

const RANKS = { requests: `"requests"`, tokens: `"promptTokens" + "completionTokens"`, money: `"gpuMicroUsd"` };
const OTHER: Group = { id: null, name: "Other", memberName: null };
const EVERYTHING = "all";

/** Everything's series told apart by outcome. */
function byOutcome({ buckets, groups }: UsageSeries): UsageSeries {
  const points = groups[0]?.points ?? [];
  const series = Object.entries(OUTCOME_FIELDS).map(([outcome, field]) => {
    const own = points.map((point) => ({ ...NO_USAGE, requests: point[field], [field]: point[field] }));
    return { id: outcome, name: outcome, memberName: null, isOther: false, total: sumOf(own), points: own };
  });
  return { buckets, groups: series.filter(({ total }) => total.requests > 0) };
}

/** All of a range, and of the range of the same length before it. */
export async function usageTotals(actor: Actor, ask: UsageAsk): Promise<{ current: Totals; previous: Totals }> {
  const [current, previous] = await Promise.all(
    [ask, { ...ask, ...previousRange(ask) }].map(async (span): Promise<Totals> => {
      const [sums, latencies] = await Promise.all([
        sumsBy(actor, span, null),
        latencyBy(actor, span, await summedDays("UTC", span), () => idOf(null)),
      ]);
      return { ...(sums[0]?.measures ?? NO_USAGE), ...(latencies.get(EVERYTHING) ?? NO_LATENCY) };
    }),
  );
  return { current: current ?? NO_TOTALS, previous: previous ?? NO_TOTALS };
}

const NO_LATENCY: Latency = { ttft: null, duration: null };
const NO_TOTALS: Totals = { ...NO_USAGE, ...NO_LATENCY };

/** A range told apart by group, most requests first. */
export async function usageTable(actor: Actor, ask: UsageAsk & { groupBy: GroupBy }): Promise<TableRow[]> {
  const isByOutcome = ask.groupBy === "outcome";
  const [sums, latencies] = await Promise.all([
    sumsBy(actor, ask, isByOutcome ? null : ask.groupBy),
    isByOutcome
      ? new Map<string, Latency>()
      : latencyBy(actor, ask, await summedDays("UTC", ask), () => idOf(ask.groupBy)),
  ]);
  const rows = isByOutcome ? splitByOutcome(sums[0]?.measures ?? NO_USAGE) : sums;
  const all = sumOf(rows.map(({ measures }) => measures));
  const named = await namesOf(
    ask.groupBy,
    rows.map(({ id }) => id),
  );
  return rows.map(({ id, measures }) => ({
    ...named(id),
    ...measures,
    ...(latencies.get(id) ?? NO_LATENCY),
    requestShare: shareOf(measures.requests, all.requests),
    tokenShare: shareOf(measures.promptTokens + measures.completionTokens, all.promptTokens + all.completionTokens),
  }));
}

function splitByOutcome(all: Measures) {
  return Object.entries(OUTCOME_FIELDS)
    .map(([id, field]) => ({ id, measures: { ...NO_USAGE, requests: all[field], [field]: all[field] } }))
    .filter(({ measures }) => measures.requests > 0);
}

function shareOf(part: number, whole: number) {
  return whole === 0 ? 0 : part / whole;
}

/** Median and tails in each bucket of a range, parallel to `buckets`. */
export async function latencySeries(
  actor: Actor,
  ask: Omit<SeriesAsk, "groupBy" | "rankBy">,
): Promise<{ buckets: Date[]; points: Latency[] }> {
  const zone = knownTimeZone(ask.timeZone);
  const days: SummedDays = ask.bucket === "day" ? await summedDays(zone, ask) : { zone, spans: [] };
  const start = (parameters: Bindings) => bucketStart(ask.bucket, "at", parameters.add(zone, "text"));
  const [buckets, latencies] = await Promise.all([
    bucketsOf(ask),
    latencyBy(actor, ask, days, (parameters) => `(extract(epoch FROM ${start(parameters)}) * 1000)::bigint::text`),
  ]);
  return { buckets, points: buckets.map((at) => latencies.get(String(at.getTime())) ?? NO_LATENCY) };
}

/** Requests and tokens of some keys on each of the last `days` days by the zone's clock, today last. Keys without use have zeros. */
export async function sparklines(
  actor: Actor,
  keyIds: readonly string[],
  { days = 14, timeZone, now }: { days?: number; timeZone: string; now: Date },
): Promise<Map<string, { at: Date; requests: number; tokens: number }[]>> {
  const ids = keyIds.filter(isId);
  if (ids.length === 0) return new Map();
  const zone = knownTimeZone(timeZone);
  const first = await postgres().query<{ from: Date }>(
    "SELECT (date_trunc('day', $1::timestamptz AT TIME ZONE $2) - ($3::int - 1) * interval '1 day') AT TIME ZONE $2 AS from",
    [now, zone, days],
  );
  const from = first.rows[0]?.from ?? now;
  const to = new Date(Math.ceil((now.getTime() + 1) / QUARTER_MS) * QUARTER_MS);
  const ask = { from, to, bucket: "day", timeZone: zone, groupBy: "key", filters: { keyIds: ids } } as const;
  const { buckets, groups } = await usageSeries(actor, ask, ids.length);
  const used = new Map(groups.map((group) => [group.id, group.points]));
  return new Map(
    ids.map((id) => [
      id,
      buckets.map((at, index) => {
        const point = used.get(id)?.[index] ?? NO_USAGE;
        return { at, requests: point.requests, tokens: point.promptTokens + point.completionTokens };
      }),
    ]),
  );
}

type Sums = { id: string; measures: Measures };

async function sumsBy(actor: Actor, ask: UsageAsk, groupBy: GroupBy | null): Promise<Sums[]> {
  const parameters = new Bindings();
  const days = await summedDays("UTC", ask);
  const parts = partsOf(actor, ask, ask.filters, parameters, days, groupBy === null ? "all" : "shares");
  const { rows } = await postgres().query<Measures & { id: string }>(
    `SELECT ${idOf(groupBy)} AS id, ${SUMS} FROM (${parts}) AS parts GROUP BY 1 ORDER BY "requests" DESC, 1`,
    parameters.values,
  );
  return rows.map(({ id, ...measures }) => ({ id, measures }));
}

/** Percentiles for each value of an SQL expression over the parts. */
async function latencyBy(
  actor: Actor,
  ask: UsageAsk,
  days: SummedDays,
  expression: (parameters: Bindings) => string,
): Promise<Map<string, Latency>> {
  const [ttft, duration] = await Promise.all(
    ["ttft", "duration"].map(async (column) => {
      const parameters = new Bindings();
      const parts = partsOf(actor, ask, ask.filters, parameters, days, "none");
      const id = expression(parameters);
      const { rows } = await postgres().query<Bin & { id: string }>(
        `SELECT ${id} AS id, (entry >> 32)::int AS bin, sum(entry & 4294967295)::bigint AS count
         FROM (${parts}) AS parts CROSS JOIN LATERAL unnest(${column}) AS entry GROUP BY 1, 2`,
        parameters.values,
      );
      const bins = new Map<string, Bin[]>();
      for (const { id, bin, count } of rows) bins.set(id, [...(bins.get(id) ?? []), { bin, count }]);
      return new Map([...bins].map(([id, own]) => [id, percentilesOf(own)]));
    }),
  );
  const ids = new Set([...(ttft?.keys() ?? []), ...(duration?.keys() ?? [])]);
  return new Map([...ids].map((id) => [id, { ttft: ttft?.get(id) ?? null, duration: duration?.get(id) ?? null }]));
}

/** Where the buckets of a range begin. The zone's clock changes are PostgreSQL's business, as for the sums. */
async function bucketsOf({
  from,
  to,
  bucket,
  timeZone,
}: Range & { bucket: Bucket; timeZone: string }): Promise<Date[]> {
  const { rows } = await postgres().query<{ start: Date }>(
    `SELECT DISTINCT ${bucketStart(bucket, "at", "$4")} AS start
     FROM (SELECT generate_series($1::timestamptz, $2::timestamptz, $3::interval) AS at UNION ALL SELECT $2::timestamptz) AS steps
     ORDER BY 1`,
    [from, new Date(Math.max(from.getTime(), to.getTime() - 1)), bucketSteps(bucket), knownTimeZone(timeZone)],
  );
  return rows.map(({ start }) => start);
}

function idOf(groupBy: GroupBy | null) {
  if (groupBy === null || groupBy === "outcome") return `'${EVERYTHING}'`;
  return { model: "model", key: "key_id", member: "member_id", pod: "pod_id" }[groupBy];
}

/** Names for the ids of groups, as they are called today. What has no name any more keeps its id. */
async function namesOf(groupBy: GroupBy | null, ids: string[]): Promise<(id: string) => Group> {
  const NAMES: Partial<Record<GroupBy, string>> = {
    key: `SELECT k.id::text, k.name, u.name AS member_name FROM api_keys k JOIN users u ON u.id = k.member_id WHERE k.id = ANY($1)`,
    member: "SELECT id::text, name, NULL AS member_name FROM users WHERE id = ANY($1)",
    pod: "SELECT id::text, name, NULL AS member_name FROM pods WHERE id = ANY($1)",
  };
  const text = groupBy === null ? undefined : NAMES[groupBy];
  type Named = { id: string; name: string; member_name: string | null };
  const rows = text === undefined || ids.length === 0 ? [] : (await postgres().query<Named>(text, [ids])).rows;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (id) => {
    if (groupBy === null) return { id: null, name: "All", memberName: null };
    const isNone = id === "" || id === NO_POD;
    const row = byId.get(id);
    return { id: isNone ? null : id, name: row?.name ?? (isNone ? "None" : id), memberName: row?.member_name ?? null };
  };
}

/** What stands in a rollup's pod column where no pod was asked. */
const NO_POD = "00000000-0000-0000-0000-000000000000";
