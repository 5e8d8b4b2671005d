import type { Actor } from "../auth/member";
import { postgres } from "../postgres";
import { bucketsOf } from "./axis/queries";
import { type Bucket, bucketStart } from "./buckets";
import { summedDays, sumsFor } from "./days/queries";
import { type Group, type GroupBy, idOf, namesOf } from "./groups/queries";
import type { Percentiles } from "./histogram";
import { ttftOf } from "./latency/queries";
import {
  ALL_MEASURES,
  type Measure,
  type Measures,
  NO_USAGE,
  OUTCOME_FIELDS,
  sumOf,
  sumOfSome,
  sumsAgain,
  sumsOf,
  wantedFor,
} from "./measures";
import type { Range } from "./rollup";
import { Bindings, partsOf, type SummedDays, type UsageFilters } from "./scope";
import { knownTimeZone } from "./time-zone";

export type UsageAsk = Range & { filters?: UsageFilters | undefined };

export type SeriesAsk<M extends Measure = Measure> = UsageAsk & {
  bucket: Bucket;
  /** IANA name; hours and days begin by its clock. */
  timeZone: string;
  groupBy: GroupBy | null;
  /** By what the largest groups are chosen; requests if left out. */
  rankBy?: keyof typeof RANKS | undefined;
  /** What is wanted: the fewer, the sooner. Everything if left out. */
  measures?: readonly M[] | undefined;
};

export type UsageSeries<M extends Measure = Measure> = {
  /** Where each bucket begins, without a gap. The first and last may lie partly outside the range; nothing outside is counted. */
  buckets: Date[];
  /** Largest first; what is beyond `top` is the last, with `isOther`. `points` run parallel to `buckets`. */
  groups: (Group & { isOther: boolean; total: Pick<Measures, M>; points: Pick<Measures, M>[] })[];
};

/** With the time to first token in ms, null where nothing was measured: true percentiles of the whole span, never averages. */
export type Totals = Measures & { ttft: Percentiles | null };

export type TableRow = Group &
  Totals & {
    /** Parts of the whole table, 0 to 1. Tokens are prompt and completion together. */
    requestShare: number;
    tokenShare: number;
  };

/** How usage moved over a range. Idle money is told only where nothing is told apart: it is nobody's. */
export async function usageSeries<M extends Measure = Measure>(
  actor: Actor,
  ask: SeriesAsk<M>,
  top = 8,
): Promise<UsageSeries<M>> {
  if (ask.groupBy === "outcome") {
    return byOutcome(await usageSeries(actor, { ...ask, groupBy: null, measures: ALL_MEASURES }));
  }
  const wanted = ask.measures ?? (ALL_MEASURES as readonly M[]);
  const rank = RANKS[ask.rankBy ?? "requests"];
  const read = [...new Set<Measure>([...(ask.groupBy === null ? [] : rank), ...wanted])];
  const order = ask.groupBy === null ? "id" : `sum(${rank.map((field) => `"${field}"`).join(" + ")}) DESC, id`;
  const parameters = new Bindings();
  const zone = knownTimeZone(ask.timeZone);
  const sums = await sumsFor(ask.bucket, zone, ask);
  const parts = partsOf(actor, ask, ask.filters, parameters, sums, wantedFor(read, ask.groupBy !== null));
  const start = bucketStart(ask.bucket, "at", parameters.add(zone, "text"));
  const limit = parameters.add(top, "int");
  const [buckets, { rows }] = await Promise.all([
    bucketsOf(ask),
    postgres().query<Pick<Measures, M> & { id: string; rank: number; start: Date }>(
      // In two steps: the zone's clock is asked once a quarter of an hour, not once a row.
      `WITH pieces AS (SELECT ${idOf(ask.groupBy)} AS id, at, ${sumsOf(read)} FROM (${parts}) AS parts GROUP BY 1, 2),
       grouped AS (SELECT id::text, ${start} AS start, ${sumsAgain(read)} FROM pieces GROUP BY 1, 2),
       ranked AS (SELECT id, row_number() OVER (ORDER BY ${order}) AS place
                  FROM grouped GROUP BY id)
       SELECT least(place, ${limit} + 1)::int AS rank, min(id) AS id, start, ${sumsAgain(wanted)}
       FROM grouped JOIN ranked USING (id) GROUP BY 1, start ORDER BY 1, start`,
      parameters.values,
    ),
  ]);
  const place = new Map(buckets.map((at, index) => [at.getTime(), index]));
  const groups = new Map<number, { id: string; points: Pick<Measures, M>[] }>();
  for (const row of rows) {
    const group = groups.get(row.rank) ?? { id: row.id, points: buckets.map(() => NO_USAGE) };
    group.points[place.get(row.start.getTime()) ?? 0] = row;
    groups.set(row.rank, group);
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
      total: sumOfSome(points, wanted),
      points,
    })),
  };
}

const RANKS = {
  requests: ["requests"],
  tokens: ["promptTokens", "completionTokens"],
  money: ["gpuMicroUsd"],
} as const satisfies Record<string, readonly Measure[]>;
const OTHER: Group = { id: null, name: "Other", memberName: null };

/** Everything's series told apart by outcome. */
function byOutcome({ buckets, groups }: UsageSeries): UsageSeries {
  const points = groups[0]?.points ?? [];
  const series = Object.entries(OUTCOME_FIELDS).map(([outcome, field]) => {
    const own = points.map((point) => ({ ...NO_USAGE, requests: point[field], [field]: point[field] }));
    return { id: outcome, name: outcome, memberName: null, isOther: false, total: sumOf(own), points: own };
  });
  return { buckets, groups: series.filter(({ total }) => total.requests > 0) };
}

/** All of a range, as far as it can be added up. */
export async function usageSums(actor: Actor, ask: UsageAsk): Promise<Measures> {
  const [all] = await usageSumsBy(actor, ask, null, ALL_MEASURES);
  return all?.measures ?? NO_USAGE;
}

/** All of a range. */
export async function usageTotals(actor: Actor, ask: UsageAsk): Promise<Totals> {
  const days = await summedDays("UTC", ask);
  const [[sums], { all }] = await Promise.all([
    usageSumsBy(actor, ask, null, ALL_MEASURES, days),
    ttftOf(actor, ask, null, days),
  ]);
  return { ...(sums?.measures ?? NO_USAGE), ttft: all };
}

/** A range told apart by group, most requests first, and all of it together. Idle money is in the totals alone. */
export async function usageTable(
  actor: Actor,
  ask: UsageAsk & { groupBy: GroupBy },
): Promise<{ rows: TableRow[]; totals: Totals }> {
  const groupBy = ask.groupBy === "outcome" ? null : ask.groupBy;
  const days = await summedDays("UTC", ask);
  const [sums, ttft] = await Promise.all([
    usageSumsBy(actor, ask, groupBy, ALL_MEASURES, days),
    ttftOf(actor, ask, groupBy, days),
  ]);
  const all = sumOf(sums.map(({ measures }) => measures));
  const groups = groupBy === null ? splitByOutcome(all) : sums.flatMap(({ id, measures }) => used(id, measures));
  const named = await namesOf(
    ask.groupBy,
    groups.map(({ id }) => id),
  );
  const rows = groups.map(({ id, measures }) => ({
    ...named(id),
    ...measures,
    ttft: ttft.groups.get(id) ?? null,
    requestShare: shareOf(measures.requests, all.requests),
    tokenShare: shareOf(measures.promptTokens + measures.completionTokens, all.promptTokens + all.completionTokens),
  }));
  return { rows, totals: { ...all, ttft: ttft.all } };
}

function splitByOutcome(all: Measures): Sums[] {
  return Object.entries(OUTCOME_FIELDS)
    .map(([id, field]) => ({ id, measures: { ...NO_USAGE, requests: all[field], [field]: all[field] } }))
    .filter(({ measures }) => measures.requests > 0);
}

/** A group without the idle time that stands in its rows; nothing where that was all. */
function used(id: string, { idleMicroUsd, ...measures }: Measures): Sums[] {
  const isUsed = Object.values(measures).some((sum) => sum !== 0);
  return isUsed || idleMicroUsd === 0 ? [{ id, measures: { ...measures, idleMicroUsd: 0 } }] : [];
}

function shareOf(part: number, whole: number) {
  return whole === 0 ? 0 : part / whole;
}

type Sums<M extends Measure = Measure> = { id: string; measures: Pick<Measures, M> };

/** What of a range was used by each group, most of the first measure first. Idle money is in groups of its own or its pod's. */
export async function usageSumsBy<M extends Measure>(
  actor: Actor,
  ask: UsageAsk,
  groupBy: GroupBy | null,
  measures: readonly M[],
  summed?: SummedDays,
): Promise<Sums<M>[]> {
  const parameters = new Bindings();
  const wanted = wantedFor(measures, false);
  const days = summed ?? (await summedDays("UTC", ask));
  const parts = partsOf(actor, ask, ask.filters, parameters, days, wanted);
  const { rows } = await postgres().query<Pick<Measures, M> & { id: string }>(
    `SELECT ${idOf(groupBy)} AS id, ${sumsOf(measures)} FROM (${parts}) AS parts GROUP BY 1 ORDER BY 2 DESC, 1`,
    parameters.values,
  );
  return rows.map(({ id, ...measures }) => ({ id, measures: measures as unknown as Pick<Measures, M> }));
}
