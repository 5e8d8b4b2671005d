import { isoDay, momentOf } from "@/app/_ui/moments";
import type { Actor } from "@/lib/auth/member";
import { usageSeries } from "@/lib/usage/queries";
import { mergeHours } from "./merge-hours";

const DAY_MS = 86_400_000;

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
