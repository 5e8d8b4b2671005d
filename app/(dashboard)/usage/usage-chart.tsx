"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { Chart } from "@/app/_ui/chart";
import { COMPARE_ID, Legend } from "@/app/_ui/legend";
import { isoDay } from "@/app/_ui/moments";
import { Segmented } from "@/app/_ui/segmented";
import { IDLE_COLOUR, OTHER_COLOUR, useSeriesColours } from "@/app/_ui/series-colours";
import type { useQuery } from "@/app/_ui/use-query";
import { axisOf, IDLE_ID, METRIC_NAMES, writtenAs } from "./metric";
import { OverTime } from "./over-time";
import type { ChartData } from "./read-usage";
import { beforeName } from "./usage-toolbar";
import type { UsageView } from "./view";

/** The stacked bars of a view. A press on a bar goes finer: a day's hours, then the requests themselves. */
export function UsageChart({
  data,
  view,
  query: { params, hrefWith, change },
}: {
  data: ChartData;
  view: UsageView;
  query: ReturnType<typeof useQuery>;
}) {
  const router = useRouter();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const colours = useSeriesColours(
    data.series.filter(({ id, isOther }) => !isOther && id !== IDLE_ID).map(({ id }) => id),
  );
  const series = data.series.map(({ isOther, ...each }) => ({
    ...each,
    colour: each.id === IDLE_ID ? IDLE_COLOUR : isOther ? OTHER_COLOUR : (colours.get(each.id) ?? OTHER_COLOUR),
  }));
  const compareName = view.compare && data.before ? beforeName(view) : null;

  function toggle(id: string) {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    setHidden(next);
  }

  function pick(index: number) {
    const at = data.columns[index]?.at;
    if (at === undefined) return;
    const end = data.columns[index + 1]?.at ?? view.to.getTime();
    if (view.bucket === "day" || view.bucket === "week") {
      const [from, to] = [isoDay(new Date(at), view.zone), isoDay(new Date(end - 1), view.zone)];
      router.push(hrefWith({ range: "custom", from, to }), { scroll: false });
      return;
    }
    const times = new URLSearchParams({ from: new Date(at).toISOString(), to: new Date(end).toISOString() });
    for (const id of view.filters.keyIds) times.append("key", id);
    for (const id of view.filters.memberIds) times.append("member", id);
    for (const id of view.filters.podIds) times.append("pod", id);
    for (const model of view.filters.models) times.append("model", model);
    const tz = params.get("tz");
    if (tz) times.set("tz", tz);
    router.push(`/requests?${times}`);
  }

  const label = `${METRIC_NAMES[view.metric]} by ${data.shape === "lines" ? "percentile" : view.groupBy}; as a table it has the same numbers`;
  const shown = series.filter(({ id }) => !hidden.has(id));
  const asTable = (
    <Segmented
      label="Shown as"
      value={view.isTable ? "table" : "chart"}
      options={[
        { value: "chart", name: "Chart" },
        { value: "table", name: "Table" },
      ]}
      onChange={(shape) => change({ view: shape === "table" ? "table" : null })}
    />
  );
  if (view.isTable) {
    return (
      <>
        <div className="chart-switch">{asTable}</div>
        <OverTime columns={data.columns} series={series} shape={data.shape} written={writtenAs(view.metric)} />
      </>
    );
  }
  return (
    <>
      <div className="chart-switch">{asTable}</div>
      <Chart
        label={label}
        columns={data.columns}
        series={shown}
        shape={data.shape}
        compare={
          compareName && !hidden.has(COMPARE_ID) && data.before ? { name: compareName, values: data.before } : null
        }
        written={writtenAs(view.metric)}
        axis={axisOf(view.metric)}
        onPick={pick}
      />
      <Legend series={series} hidden={hidden} onToggle={toggle} compare={compareName} />
    </>
  );
}
