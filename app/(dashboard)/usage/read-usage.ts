import type { ChartColumn, ChartSeries } from "@/app/_ui/chart";
import type { Actor } from "@/lib/auth/member";
import { moneyFacts } from "@/lib/costs/queries";
import { latencySeries } from "@/lib/usage/latency/queries";
import type { Measure } from "@/lib/usage/measures";
import { type UsageSeries, usageSeries, usageTable, usageTotals } from "@/lib/usage/queries";
import { OUTCOME_NAMES } from "../_words/outcome-status";
import { columnsOf } from "./columns";
import { amountOf, IDLE_ID } from "./metric";
import type { Metric, UsageView } from "./view";
import { joinWeeks, weekStarts } from "./weeks";

export type SeriesData = Omit<ChartSeries, "colour"> & { isOther: boolean };

export type ChartData = {
  columns: ChartColumn[];
  series: SeriesData[];
  before: number[] | null;
  shape: "bars" | "lines";
};

/** Name of a group as people know it: outcomes have words, and what has no name is said to be none. */
export function groupName({ id, name }: { id: string | null; name: string }) {
  return id !== null && id in OUTCOME_NAMES ? OUTCOME_NAMES[id as keyof typeof OUTCOME_NAMES] : name;
}

const idOf = ({ id, isOther }: { id: string | null; isOther?: boolean }) => (isOther ? "other" : (id ?? "none"));

/** All a usage page shows, asked at once. */
export async function readUsage(actor: Actor, view: UsageView, now: Date) {
  const { from, to, filters, groupBy } = view;
  const [chart, money, { rows: table, totals }, before] = await Promise.all([
    readChart(actor, view, now),
    moneyFacts(),
    usageTable(actor, { from, to, filters, groupBy }),
    usageTotals(actor, { ...view.before, filters }),
  ]);
  // How many stand behind "Other" is known from the table alone.
  const named = chart.series.filter(({ id, isOther }) => !isOther && id !== IDLE_ID).length;
  const series = chart.series.map((each) =>
    each.isOther ? { ...each, name: `Other (${table.length - named})` } : each,
  );
  return { chart: { ...chart, series }, totals, before, table, money };
}

const RANKS: Partial<Record<Metric, "requests" | "money">> = {
  requests: "requests",
  errors: "requests",
  cost: "money",
};

function readChart(actor: Actor, view: UsageView, now: Date): Promise<ChartData> {
  const amount = amountOf(view.metric);
  return amount === null ? latencyChart(actor, view, now) : amountChart(actor, view, now, amount.measures);
}

async function amountChart(actor: Actor, view: UsageView, now: Date, measures: readonly Measure[]): Promise<ChartData> {
  const { from, to, filters, groupBy, before, zone } = view;
  const bucket = view.bucket === "week" ? "day" : view.bucket;
  const base = { bucket, timeZone: zone, filters } as const;
  const isMoney = view.metric === "cost";
  const rankBy = RANKS[view.metric] ?? "tokens";
  const billed: readonly Measure[] = isMoney ? [...measures, "idleMicroUsd"] : measures;
  const [series, earlier, whole] = await Promise.all([
    usageSeries(actor, { ...base, from, to, groupBy, rankBy, measures }),
    view.compare ? usageSeries(actor, { ...base, ...before, groupBy: null, measures: billed }) : null,
    isMoney ? usageSeries(actor, { ...base, from, to, groupBy: null, measures: ["idleMicroUsd"] }) : null,
  ]);
  const starts = view.bucket === "week" ? weekStarts(series.buckets, zone) : null;
  const buckets = starts ? starts.flatMap((start) => series.buckets[start] ?? []) : series.buckets;
  const cut = (values: readonly number[]) => (starts ? joinWeeks(values, starts) : [...values]);
  const drawn = <M extends Measure>(group: UsageSeries<M>["groups"][number] | undefined, of: readonly M[]) =>
    cut((group?.points ?? []).map((point) => of.reduce((sum, measure) => sum + point[measure], 0)));
  const earlierValues = drawn(earlier?.groups[0], billed);
  const idle = drawn(whole?.groups[0], ["idleMicroUsd"]);
  return {
    shape: "bars",
    columns: columnsOf(buckets, view, now),
    series: [
      ...series.groups.map((group) => ({
        id: idOf(group),
        name: groupName(group),
        isOther: group.isOther,
        values: drawn(group, measures),
      })),
      ...(idle.some((value) => value > 0) ? [{ id: IDLE_ID, name: "Idle", isOther: false, values: idle }] : []),
    ],
    before: earlier === null ? null : buckets.map((_, index) => earlierValues[index] ?? 0),
  };
}

async function latencyChart(actor: Actor, view: UsageView, now: Date): Promise<ChartData> {
  const { from, to, filters, zone } = view;
  // Percentiles of days can't be joined to weeks: a year keeps its days.
  const bucket = view.bucket === "week" ? "day" : view.bucket;
  const waited = view.metric === "ttft" ? "ttft" : "duration";
  const { buckets, points } = await latencySeries(actor, { from, to, filters, bucket, timeZone: zone }, waited);
  return {
    shape: "lines",
    columns: columnsOf(buckets, { ...view, bucket }, now),
    series: (["p50", "p95", "p99"] as const).map((percentile) => ({
      id: percentile,
      name: percentile,
      isOther: false,
      values: points.map((point) => point?.[percentile] ?? null),
    })),
    before: null,
  };
}
