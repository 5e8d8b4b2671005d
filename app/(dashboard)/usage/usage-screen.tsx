"use client";

import Link from "next/link";
import { classes } from "@/app/_ui/classes";
import { counted, exact } from "@/app/_ui/figures";
import { PageHead } from "@/app/_ui/page-head";
import { Time } from "@/app/_ui/time";
import { useQuery } from "@/app/_ui/use-query";
import type { moneyFacts } from "@/lib/costs/queries";
import type { TableRow, Totals } from "@/lib/usage/queries";
import { type Chip, ExportLinks, FilterChips } from "../_shell/filters";
import { billOf, IDLE_ID } from "./metric";
import { MoneyWords } from "./money-words";
import type { ChartData } from "./read-usage";
import { UsageChart } from "./usage-chart";
import { UsageTable } from "./usage-table";
import { UsageTiles } from "./usage-tiles";
import { beforeName, UsageToolbar } from "./usage-toolbar";
import type { RangeName, UsageView } from "./view";

type UsageScreenProps = {
  view: UsageView;
  chart: ChartData;
  totals: Totals;
  before: Totals;
  table: (TableRow & { label: string })[];
  money: Awaited<ReturnType<typeof moneyFacts>>;
  /** What the view is narrowed to, by name. */
  chips: readonly Chip[];
  isAdmin: boolean;
  zones: readonly string[];
  now: Date;
};

const SPANS: Partial<Record<RangeName, string>> = {
  "1h": "in the last hour",
  "6h": "in the last 6 hours",
  "24h": "in the last 24 hours",
  "7d": "in the last 7 days",
  "30d": "in the last 30 days",
  "90d": "in the last 90 days",
  "1y": "in the last year",
};

export function UsageScreen(props: UsageScreenProps) {
  const { view, chart, totals, before, table, money, chips, isAdmin, zones, now } = props;
  const query = useQuery();
  const { busy, hrefWith, change } = query;
  const wider = view.rangeName === "30d" || view.rangeName === "90d" || view.rangeName === "1y" ? "1y" : "30d";
  return (
    <div className="page">
      <PageHead
        title="Usage"
        meta={
          <>
            Updated <Time at={now} />
          </>
        }
      >
        <ExportLinks path="/usage/export" query={query} />
      </PageHead>
      <UsageToolbar view={view} query={query} isAdmin={isAdmin} zones={zones} isPriced={money.isPriced} />
      {chips.length > 0 && (
        <div className="toolbar">
          <FilterChips chips={chips} query={query} />
        </div>
      )}
      <div className={classes("usage", busy && "dimmed")}>
        <UsageTiles totals={totals} before={before} beforeWords={beforeName(view).toLowerCase()} />
        {totals.requests === 0 && (view.metric !== "cost" || billOf(totals) === 0) ? (
          <p className="nothing">
            No requests {SPANS[view.rangeName] ?? "in this range"}
            {chips.length > 0 && " match"}.{" "}
            {view.rangeName !== "1y" && (
              <Link href={hrefWith({ range: wider, from: null, to: null })}>
                Show {wider === "1y" ? "a year" : "30 days"}
              </Link>
            )}
          </p>
        ) : (
          <>
            <section>
              <UsageChart data={chart} view={view} query={query} />
            </section>
            <section>
              <UsageTable
                rows={table}
                seriesIds={chart.series.filter(({ id, isOther }) => !isOther && id !== IDLE_ID).map(({ id }) => id)}
                view={view}
                hasSwatches={chart.shape === "bars"}
                onFilter={change}
                idleMicroUsd={totals.idleMicroUsd}
                isPriced={money.isPriced}
              />
              <p className="table-foot">
                {totals.estimated + totals.unknown > 0 &&
                  `Tokens are estimated for ${counted(totals.estimated, "request")} and unknown for ${exact(totals.unknown)}. `}
                Requests still running are counted when they end.
              </p>
              {money.isPriced && view.groupBy !== "outcome" && <MoneyWords totals={totals} weights={money.weights} />}
            </section>
          </>
        )}
      </div>
    </div>
  );
}
