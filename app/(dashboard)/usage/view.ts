import { isoDay, momentOf, wallFields } from "@/app/_ui/moments";
import type { Bucket } from "@/lib/usage/buckets";
import { bucketFor } from "@/lib/usage/buckets";
import type { GroupBy } from "@/lib/usage/groups/queries";
import { type Address, readAddress, zoneIn } from "../_shell/address";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const RANGES = ["1h", "6h", "24h", "7d", "30d", "90d", "1y", "custom"] as const;
export type RangeName = (typeof RANGES)[number];

/** Ranges of hours end now and begin exactly so long ago; ranges of days begin with a day of the zone, today being the last. */
const HOURS: Partial<Record<RangeName, number>> = { "1h": 1, "6h": 6, "24h": 24 };
const DAYS: Partial<Record<RangeName, number>> = { "7d": 7, "30d": 30, "90d": 90, "1y": 365 };

export const METRICS = [
  "tokens",
  "prompt",
  "cached",
  "completion",
  "requests",
  "cost",
  "errors",
  "ttft",
  "duration",
] as const;
export type Metric = (typeof METRICS)[number];

export const GROUPS = ["member", "key", "model", "pod", "outcome"] as const satisfies readonly GroupBy[];

/** Everything the address of a usage view says, resolved at a moment. */
export type UsageView = {
  rangeName: RangeName;
  from: Date;
  to: Date;
  /** The period before, shifted by whole days or hours so that its buckets stand beside these. */
  before: { from: Date; to: Date };
  bucket: Bucket | "week";
  metric: Metric;
  groupBy: GroupBy;
  compare: boolean;
  zone: string;
  /** First and last day of a custom range, for its fields. */
  days: { first: string; last: string };
  filters: { keyIds: string[]; memberIds: string[]; podIds: string[]; models: string[] };
  /** The chart's own numbers, bucket by bucket, instead of the chart. */
  isTable: boolean;
};

type Viewer = {
  isAdmin: boolean;
  zone: string;
  /** Every zone that may be asked for, the viewer's own first. */
  zones?: readonly string[];
  now: Date;
};

/** Reads an address. What it doesn't say, or says wrongly, is the default: 30 days of tokens. */
export function readView(address: Address, { isAdmin, zone: own, zones = [own, "UTC"], now }: Viewer): UsageView {
  const { text, all } = readAddress(address);
  const zone = zoneIn(address, zones);
  const rangeName = RANGES.find((name) => name === text("range")) ?? "30d";
  const span = spanOf(rangeName, { first: text("from"), last: text("to") }, zone, now);
  const wantedGroup = GROUPS.find((group) => group === text("by")) ?? (isAdmin ? "member" : "key");
  const groupBy = wantedGroup === "member" && !isAdmin ? "key" : wantedGroup;
  const wantedMetric = METRICS.find((each) => each === text("metric")) ?? "tokens";
  // By outcome requests can be told apart, their tokens and money can't.
  const metric = groupBy === "outcome" && wantedMetric !== "errors" ? "requests" : wantedMetric;
  const bucket = bucketOf(span.to.getTime() - span.from.getTime(), metric);
  // Over many small buckets the dashed line only hides the bars; asked for, it is there all the same.
  const isCalm = bucket === "day" || bucket === "week";
  return {
    ...span,
    rangeName,
    bucket,
    metric,
    groupBy,
    compare: text("compare") === "on" || (isCalm && text("compare") !== "off"),
    zone,
    days: { first: isoDay(span.from, zone), last: isoDay(new Date(span.to.getTime() - 1), zone) },
    filters: { keyIds: all("key"), memberIds: isAdmin ? all("member") : [], podIds: all("pod"), models: all("model") },
    isTable: text("view") === "table",
  };
}

function spanOf(
  name: RangeName,
  custom: { first?: string | undefined; last?: string | undefined },
  zone: string,
  now: Date,
) {
  const hours = HOURS[name];
  if (hours !== undefined) {
    const length = hours * HOUR_MS;
    const from = new Date(now.getTime() - length);
    return { from, to: now, before: { from: new Date(from.getTime() - length), to: from } };
  }
  if (name === "custom") {
    const span = customSpan(custom, zone, now);
    if (span) return span;
  }
  const days = DAYS[name] ?? 30;
  const from = startOfDay(isoDay(now, zone), -(days - 1), zone);
  return { from, to: now, before: { from: sameWall(from, -days, zone), to: sameWall(now, -days, zone) } };
}

function customSpan(
  { first, last }: { first?: string | undefined; last?: string | undefined },
  zone: string,
  now: Date,
) {
  const isDay = (text: string | undefined): text is string => text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!isDay(first) || !isDay(last) || first > last) return null;
  const from = momentOf(first, "00:00:00", zone);
  if (!from || !momentOf(last, "00:00:00", zone)) return null;
  const end = startOfDay(last, 1, zone);
  const to = end > now && from < now ? now : end;
  const days = Math.round((end.getTime() - from.getTime()) / DAY_MS);
  if (days > 3_660) return null;
  return { from, to, before: { from: sameWall(from, -days, zone), to: sameWall(to, -days, zone) } };
}

/** The first moment of a day some days from another, on the zone's clock. */
function startOfDay(day: string, shift: number, zone: string) {
  const noon = new Date(`${day}T12:00:00Z`).getTime() + shift * DAY_MS;
  return momentOf(new Date(noon).toISOString().slice(0, 10), "00:00:00", zone) ?? new Date(noon);
}

/** The same time of day some days from a moment, on the zone's clock. */
function sameWall(at: Date, shift: number, zone: string) {
  const { hour, minute, second } = wallFields(at, zone);
  const two = (value: number) => String(value).padStart(2, "0");
  const noon = new Date(new Date(`${isoDay(at, zone)}T12:00:00Z`).getTime() + shift * DAY_MS);
  const day = noon.toISOString().slice(0, 10);
  return momentOf(day, `${two(hour)}:${two(minute)}:${two(second)}`, zone) ?? new Date(at.getTime() + shift * DAY_MS);
}

/** Days beyond 200 of them are joined to weeks: a bar of two pixels tells nobody anything. Money is shared out by the hour. */
function bucketOf(lengthMs: number, metric: Metric): Bucket | "week" {
  if (lengthMs > 200 * DAY_MS) return "week";
  const bucket = bucketFor(lengthMs);
  return metric === "cost" && bucket !== "day" ? "hour" : bucket;
}
