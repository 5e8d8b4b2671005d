"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { ChoiceMenu } from "@/app/_ui/menu";
import { day } from "@/app/_ui/moments";
import { Segmented } from "@/app/_ui/segmented";
import type { useQuery } from "@/app/_ui/use-query";
import { ZoneChoice } from "../_shell/filters";
import { METRIC_NAMES } from "./metric";
import { GROUPS, METRICS, RANGES, type RangeName, type UsageView } from "./view";

const RANGE_NAMES: Record<RangeName, string> = {
  "1h": "1 h",
  "6h": "6 h",
  "24h": "24 h",
  "7d": "7 d",
  "30d": "30 d",
  "90d": "90 d",
  "1y": "1 y",
  custom: "Custom",
};

const GROUP_NAMES = { member: "Member", key: "Key", model: "Model", pod: "Pod", outcome: "Outcome" };

/** "30 days before": what the comparison is called. */
export function beforeName({ rangeName }: Pick<UsageView, "rangeName">) {
  const words: Partial<Record<RangeName, string>> = {
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "1y": "year",
  };
  const span = words[rangeName];
  return span ? `${span.charAt(0).toUpperCase()}${span.slice(1)} before` : "Same time before";
}

type ToolbarProps = {
  view: UsageView;
  query: ReturnType<typeof useQuery>;
  isAdmin: boolean;
  zones: readonly string[];
  /** Money is offered once a pod has a price. */
  isPriced: boolean;
};

/** Range, metric, grouping and comparison: all of the view, and all of it in the address. */
export function UsageToolbar({ view, query, isAdmin, zones, isPriced }: ToolbarProps) {
  const { change } = query;
  const last = new Date(view.to.getTime() - 1);
  const isOneDay = view.days.first === view.days.last;
  return (
    <>
      <div className="toolbar">
        <Segmented
          label="Range"
          value={view.rangeName}
          options={RANGES.map((value) => ({ value, name: RANGE_NAMES[value] }))}
          onChange={(range) =>
            change(
              range === "custom"
                ? { range, from: view.days.first, to: view.days.last }
                : { range: range === "30d" ? null : range, from: null, to: null },
            )
          }
        />
        <ChoiceMenu
          label="Metric"
          value={view.metric}
          options={METRICS.filter((value) => isPriced || value !== "cost").map((value) => ({
            value,
            name: METRIC_NAMES[value],
          }))}
          onChange={(metric) => change({ metric: metric === "tokens" ? null : metric })}
        />
        <ChoiceMenu
          label="Group"
          prefix="by"
          value={view.groupBy}
          options={GROUPS.filter((value) => isAdmin || value !== "member").map((value) => ({
            value,
            name: GROUP_NAMES[value],
          }))}
          onChange={(by) => change({ by })}
        />
        <ChoiceMenu
          label="Compare"
          prefix="vs"
          value={view.compare ? "on" : "off"}
          options={[
            { value: "on", name: beforeName(view) },
            { value: "off", name: "Nothing" },
          ]}
          onChange={(compare) => change({ compare })}
        />
        <span className="muted push row">
          {day(view.from, view.zone)}
          {!isOneDay && ` to ${day(last, view.zone)}`}
          <ZoneChoice zone={view.zone} zones={zones} query={query} />
        </span>
      </div>
      {view.rangeName === "custom" && (
        <CustomRange key={`${view.days.first}-${view.days.last}`} days={view.days} onChange={change} />
      )}
    </>
  );
}

type CustomRangeProps = { days: UsageView["days"]; onChange: (patch: Record<string, string | null>) => void };

function CustomRange({ days, onChange }: CustomRangeProps) {
  const [first, setFirst] = useState(days.first);
  const [last, setLast] = useState(days.last);
  return (
    <form
      className="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ range: "custom", from: first, to: last });
      }}
    >
      <label className="field field-small">
        <span className="unit">From</span>
        <input type="date" value={first} max={last} onChange={(event) => setFirst(event.target.value)} />
      </label>
      <label className="field field-small">
        <span className="unit">to</span>
        <input type="date" value={last} min={first} onChange={(event) => setLast(event.target.value)} />
      </label>
      <Button type="submit" size="small" disabled={first > last || first === "" || last === ""}>
        Show
      </Button>
    </form>
  );
}
