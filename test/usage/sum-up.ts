import type { Pool } from "pg";
import { askForZone, sumUpDays } from "@/lib/usage/days/mutations";
import type { Range } from "@/lib/usage/rollup";

/** Has the days of these zones inside a range summed up, without the wait between announcing and building. */
export async function sumUpWithin(database: Pool, zones: string[], { from, to }: Range) {
  for (const zone of zones) await askForZone(database, zone);
  await sumUpDays(database);
  let isReady = false;
  while (!isReady) {
    const { rowCount } = await database.query(
      `UPDATE usage_day_spans SET announced_at = now() - interval '1 hour'
       WHERE built_at IS NULL AND zone = ANY($1) AND starts_at >= $2 AND ends_at <= $3`,
      [zones, from, to],
    );
    isReady = rowCount === 0;
    await sumUpDays(database);
  }
}
