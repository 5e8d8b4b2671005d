import type pg from "pg";
import { BUILD_DAY } from "../mutation-sql";
import { oneAtATime } from "../one-at-a-time";

/** As long as a batch may be on its way after it began; its deadline is far shorter. */
const SETTLED = "30 seconds";
/** After a day's end; what comes later still is allowed, and has the day built again. */
const OVER = "1 hour";
/** Zones are kept up while somebody looks at them, and no more of them than this. */
const ZONES = 24;
const DAYS_AT_ONCE = 30;

/** Remembers that somebody looks at usage in this zone, so that its days are summed up. */
export async function askForZone(database: Pick<pg.Pool, "query">, zone: string) {
  await database.query(
    `INSERT INTO usage_zones (zone) VALUES ($1)
     ON CONFLICT (zone) DO UPDATE SET asked_at = now() WHERE usage_zones.asked_at < now() - interval '1 day'`,
    [zone],
  );
}

/**
 * Sums up days that are over, in two steps far enough apart that no batch is missed: a day is announced first, from when on
 * every change of its rollups takes the announcement back; and what is still announced half a minute later is built. A batch
 * that began before the announcement has ended by then. Returns how many days it built.
 */
export async function sumUpDays(pool: pg.Pool): Promise<number> {
  const built = await oneAtATime(pool, "podpass/usage-days", async (client) => {
    await announceDays(client);
    return buildAnnounced(client);
  });
  return built ?? 0;
}

async function announceDays(client: pg.PoolClient) {
  // Midnights come from the zone's own calendar, so a day has 23, 24 or 25 hours.
  await client.query(
    `INSERT INTO usage_day_spans (zone, starts_at, ends_at)
     SELECT zone, starts_at, ends_at
     FROM (SELECT 'UTC' AS zone UNION (SELECT zone FROM usage_zones WHERE asked_at > now() - interval '30 days'
           ORDER BY asked_at DESC LIMIT $1)) AS zones
     CROSS JOIN LATERAL (
       SELECT day AT TIME ZONE zone AS starts_at, (day + interval '1 day') AT TIME ZONE zone AS ends_at
       FROM generate_series(
         greatest((SELECT min(bucket_at) FROM usage_rollups), now() - interval '400 days') AT TIME ZONE zone,
         now() AT TIME ZONE zone, interval '1 day') AS moment, date_trunc('day', moment) AS day
     ) AS days
     WHERE ends_at < now() - interval '${OVER}'
       AND NOT EXISTS (SELECT FROM usage_day_spans AS span WHERE span.zone = zones.zone AND span.starts_at = days.starts_at)
       AND extract(epoch FROM starts_at)::bigint % 900 = 0 AND extract(epoch FROM ends_at)::bigint % 900 = 0
     ON CONFLICT DO NOTHING`,
    [ZONES],
  );
}

async function buildAnnounced(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ zone: string; starts_at: Date; ends_at: Date }>(
    `SELECT zone, starts_at, ends_at FROM usage_day_spans
     WHERE built_at IS NULL AND announced_at < now() - interval '${SETTLED}' ORDER BY starts_at DESC LIMIT $1`,
    [DAYS_AT_ONCE],
  );
  for (const { zone, starts_at, ends_at } of rows) {
    await client.query("BEGIN");
    try {
      await client.query("DELETE FROM usage_days WHERE zone = $1 AND starts_at = $2", [zone, starts_at]);
      await client.query(BUILD_DAY, [zone, starts_at, ends_at]);
      const { rowCount } = await client.query(
        "UPDATE usage_day_spans SET built_at = now() WHERE zone = $1 AND starts_at = $2 AND built_at IS NULL",
        [zone, starts_at],
      );
      await client.query(rowCount === 1 ? "COMMIT" : "ROLLBACK");
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    }
  }
  return rows.length;
}
