import type { ChartColumn } from "@/app/_ui/chart";
import { day, timeOfDay, wallFields, weekdayAndDay } from "@/app/_ui/moments";
import type { UsageView } from "./view";

const MINUTE_MS = 60_000;
const LENGTHS = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 1_440 * MINUTE_MS,
  week: 10_080 * MINUTE_MS,
};

/** What each bucket is called in its tooltip and, where there is room, under the axis. */
export function columnsOf(
  buckets: readonly Date[],
  { bucket, zone, to, from }: Pick<UsageView, "bucket" | "zone" | "from" | "to">,
  now: Date,
): ChartColumn[] {
  const length = LENGTHS[bucket];
  const hours = (to.getTime() - from.getTime()) / LENGTHS.hour;
  return buckets.map((at, index) => {
    const next = buckets[index + 1] ?? new Date(at.getTime() + length);
    return {
      at: at.getTime(),
      title: titleOf(at, next, bucket, zone),
      tick: tickOf(at, index, { bucket, zone, hours, count: buckets.length, previous: buckets[index - 1] }),
      isSoFar: next > now && at <= now,
    };
  });
}

function titleOf(at: Date, next: Date, bucket: UsageView["bucket"], zone: string) {
  const name = weekdayAndDay(at, zone);
  if (bucket === "day") return name;
  if (bucket === "week") return `${day(at, zone)} to ${day(new Date(next.getTime() - 1), zone)}`;
  if (bucket === "minute") return `${name}, ${timeOfDay(at, zone)}`;
  return `${name}, ${timeOfDay(at, zone)} to ${timeOfDay(next, zone)}`;
}

type Place = { bucket: UsageView["bucket"]; zone: string; hours: number; count: number; previous: Date | undefined };

function tickOf(at: Date, index: number, { bucket, zone, hours, count, previous }: Place) {
  const { hour, minute, month } = wallFields(at, zone);
  if (bucket === "week") {
    const isNewMonth = previous !== undefined && wallFields(previous, zone).month !== month;
    return isNewMonth && month % 2 === 1 ? day(at, zone).split(" ")[1] : undefined;
  }
  if (bucket === "day") {
    const every = count <= 8 ? 1 : count <= 45 ? 7 : 14;
    return index % every === 0 ? day(at, zone) : undefined;
  }
  if (bucket === "hour") return hour === 12 ? weekdayAndDay(at, zone).slice(0, 6).trim() : undefined;
  if (bucket === "quarter") {
    const every = hours <= 8 ? 1 : hours <= 30 ? 4 : 12;
    return minute === 0 && hour % every === 0 ? timeOfDay(at, zone) : undefined;
  }
  return minute % 10 === 0 ? timeOfDay(at, zone) : undefined;
}
