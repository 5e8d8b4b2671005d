import type { ChartColumn, ChartSeries } from "@/app/_ui/chart";
import type { Actor } from "@/lib/auth/member";
import { moneyFacts } from "@/lib/costs/queries";
import { latencySeries, usageSeries, usageTable, usageTotals } from "@/lib/usage/queries";
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
  const { from, to, filters } = view;
  const [chart, money, totals, table] = await Promise.all([
    readChart(actor, view, now),
    moneyFacts(),
    usageTotals(actor, { from, to, filters }),
    usageTable(actor, { from, to, filters, groupBy: view.groupBy }),
  ]);
  // How many stand behind "Other" is known from the table alone.
  const named = chart.series.filter(({ id, isOther }) => !isOther && id !== IDLE_ID).length;
  const series = chart.series.map((each) =>
    each.isOther ? { ...each, name: `Other (${table.length - named})` } : each,
  );
  return {
    chart: { ...chart, series },
    totals: totals.current,
    before: { ...totals.previous, ...chart.beforeTotal },
    table,
    money,
  };
}

const RANKS: Partial<Record<Metric, "requests" | "money">> = {
  requests: "requests",
  errors: "requests",
  cost: "money",
};

async function readChart(actor: Actor, view: UsageView, now: Date) {
  const { from, to, filters, groupBy, before, zone } = view;
  const bucket = view.bucket === "week" ? "day" : view.bucket;
  const base = { bucket, timeZone: zone, filters } as const;
  const amount = amountOf(view.metric);
  const rankBy = RANKS[view.metric] ?? "tokens";
  const isMoney = view.metric === "cost";
  const [series, earlier, latency, whole] = await Promise.all([
    usageSeries(actor, { ...base, from, to, groupBy, rankBy }),
    usageSeries(actor, { ...base, ...before, groupBy: null }),
    amount ? null : latencySeries(actor, { ...base, from, to }),
    isMoney ? usageSeries(actor, { ...base, from, to, groupBy: null }) : null,
  ]);
  const beforeTotal = earlier.groups[0]?.total ?? null;
  if (!amount) return { ...latencyChart(view, now, latency), beforeTotal };

  const starts = view.bucket === "week" ? weekStarts(series.buckets, zone) : null;
  const buckets = starts ? starts.flatMap((start) => series.buckets[start] ?? []) : series.buckets;
  const cut = <T extends Parameters<typeof joinWeeks>[0]>(points: T) => (starts ? joinWeeks(points, starts) : points);
  const earlierPoints = cut(earlier.groups[0]?.points ?? []).map((point) =>
    isMoney ? point.gpuMicroUsd + point.idleMicroUsd : amount.of(point),
  );
  const idle = cut(whole?.groups[0]?.points ?? []).map((point) => point.idleMicroUsd);
  return {
    beforeTotal,
    shape: "bars" as const,
    columns: columnsOf(buckets, view, now),
    series: [
      ...series.groups.map((group) => ({
        id: idOf(group),
        name: groupName(group),
        isOther: group.isOther,
        values: cut(group.points).map(amount.of),
      })),
      ...(idle.some((value) => value > 0) ? [{ id: IDLE_ID, name: "Idle", isOther: false, values: idle }] : []),
    ],
    before: buckets.map((_, index) => earlierPoints[index] ?? 0),
  };
}

type LatencyAnswer = Awaited<ReturnType<typeof latencySeries>> | null;

function latencyChart(view: UsageView, now: Date, latency: LatencyAnswer) {
  const measure = view.metric === "ttft" ? "ttft" : "duration";
  const points = latency?.points ?? [];
  // Percentiles of days can't be joined to weeks: a year keeps its days.
  const asDays = view.bucket === "week" ? { ...view, bucket: "day" as const } : view;
  return {
    shape: "lines" as const,
    columns: columnsOf(latency?.buckets ?? [], asDays, now),
    series: (["p50", "p95", "p99"] as const).map((percentile) => ({
      id: percentile,
      name: percentile,
      isOther: false,
      values: points.map((point) => point[measure]?.[percentile] ?? null),
    })),
    before: null,
  };
}
