import { isoDay, momentOf, wallFields } from "@/app/_ui/moments";
import type { Actor } from "@/lib/auth/member";
import { usageSeries, usageTotals } from "@/lib/usage/queries";
import { listRequests } from "@/lib/usage/requests/queries";
import { mergeHours } from "./merge-hours";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Tokens of a key over a week, today last, in spans of three hours. */
export async function weekOf(actor: Actor, keyId: string, zone: string, now: Date) {
  const firstDay = isoDay(new Date(now.getTime() - 6 * DAY_MS), zone);
  const from = momentOf(firstDay, "00:00:00", zone) ?? new Date(now.getTime() - 7 * DAY_MS);
  const ask = { from, to: now, bucket: "hour", timeZone: zone, groupBy: null, filters: { keyIds: [keyId] } } as const;
  const { buckets, groups } = await usageSeries(actor, ask);
  const points = groups[0]?.points ?? [];
  const hours = buckets.map((at, index) => {
    const point = points[index];
    return { at, value: point ? point.promptTokens + point.completionTokens : 0 };
  });
  return mergeHours(hours, zone);
}

/** What a key has used of its limits: in the last minute, right now, and this month. Months begin in UTC, as budgets do. */
export async function spentBy(actor: Actor, keyId: string, now: Date) {
  const filters = { keyIds: [keyId] };
  const { year, month } = wallFields(now, "UTC");
  const monthStart = new Date(Date.UTC(year, month - 1, 1));
  const minute = { from: new Date(now.getTime() - MINUTE_MS), to: now, filters };
  const [lastMinute, thisMonth, open] = await Promise.all([
    usageTotals(actor, minute),
    usageTotals(actor, { from: monthStart, to: now, filters }),
    listRequests(actor, { ...filters, outcomes: ["open"], from: new Date(now.getTime() - DAY_MS) }, null, 100),
  ]);
  const tokens = (sums: { promptTokens: number; completionTokens: number }) =>
    sums.promptTokens + sums.completionTokens;
  return {
    requestsLastMinute: lastMinute.current.requests + open.rows.length,
    tokensLastMinute: tokens(lastMinute.current),
    inParallel: open.rows.length,
    tokensThisMonth: tokens(thisMonth.current),
    monthEndsAt: new Date(Date.UTC(year, month, 1)),
  };
}
