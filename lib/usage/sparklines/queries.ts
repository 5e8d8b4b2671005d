import type { Actor } from "../../auth/member";
import { postgres } from "../../postgres";
import { NO_USAGE } from "../measures";
import { usageSeries } from "../queries";
import { QUARTER_MS } from "../rollup";
import { isId } from "../scope";
import { knownTimeZone } from "../time-zone";

/** Requests and tokens of some keys on each of the last `days` days by the zone's clock, today last. Keys without use have zeros. */
export async function sparklines(
  actor: Actor,
  keyIds: readonly string[],
  { days = 14, timeZone, now }: { days?: number; timeZone: string; now: Date },
): Promise<Map<string, { at: Date; requests: number; tokens: number }[]>> {
  const ids = keyIds.filter(isId);
  if (ids.length === 0) return new Map();
  const zone = knownTimeZone(timeZone);
  const first = await postgres().query<{ from: Date }>(
    "SELECT (date_trunc('day', $1::timestamptz AT TIME ZONE $2) - ($3::int - 1) * interval '1 day') AT TIME ZONE $2 AS from",
    [now, zone, days],
  );
  const from = first.rows[0]?.from ?? now;
  const to = new Date(Math.ceil((now.getTime() + 1) / QUARTER_MS) * QUARTER_MS);
  const ask = { from, to, bucket: "day", timeZone: zone, groupBy: "key", filters: { keyIds: ids } } as const;
  const { buckets, groups } = await usageSeries(actor, ask, ids.length);
  const used = new Map(groups.map((group) => [group.id, group.points]));
  return new Map(
    ids.map((id) => [
      id,
      buckets.map((at, index) => {
        const point = used.get(id)?.[index] ?? NO_USAGE;
        return { at, requests: point.requests, tokens: point.promptTokens + point.completionTokens };
      }),
    ]),
  );
}
