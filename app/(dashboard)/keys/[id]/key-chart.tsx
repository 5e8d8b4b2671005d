"use client";

import { Chart } from "@/app/_ui/chart";
import { compact, compactTick } from "@/app/_ui/figures";
import { day, timeOfDay, wallFields, weekdayAndDay } from "@/app/_ui/moments";
import { useZone } from "@/app/_ui/zone";

type Slice = { at: Date; value: number };

const SPAN_MS = 3 * 3_600_000;

/** A key's week in spans of three hours. */
export function KeyChart({ slices, now }: { slices: readonly Slice[]; now: Date }) {
  const zone = useZone();
  const columns = slices.map(({ at }, index) => {
    const { hour, weekday } = wallFields(at, zone);
    const isMiddle = hour >= 9 && hour < 12;
    const name = weekdayAndDay(at, zone);
    const isEdge = index < 8 || index > slices.length - 9;
    return {
      at: at.getTime(),
      title: `${name}, ${timeOfDay(at, zone)} to ${timeOfDay(new Date(at.getTime() + SPAN_MS), zone)}`,
      tick: isMiddle
        ? isEdge || weekday === 1
          ? `${name.slice(0, 3)} ${day(at, zone).split(" ")[0]}`
          : name.slice(0, 3)
        : undefined,
      isSoFar: at.getTime() + SPAN_MS > now.getTime(),
    };
  });
  const values = slices.map(({ value }) => value);
  return (
    <Chart
      label="Tokens of the last 7 days, by 3 hours"
      columns={columns}
      series={[{ id: "tokens", name: "Tokens", colour: 1, values }]}
      written={compact}
      axis={compactTick}
      low
    />
  );
}
