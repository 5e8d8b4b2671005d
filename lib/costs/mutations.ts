import type pg from "pg";
import { postgres } from "../postgres";
import { hourOf, SPLIT } from "./split-sql";

const HOUR_MS = 3_600_000;
/** After an hour's end; what comes later still is allowed, and has the hour shared out again. */
const OVER = "5 minutes";
/** As long as a batch of events may be on its way after it began; its deadline is far shorter. */
const SETTLED = "30 seconds";
/** What one turn may take: the rest waits for the next. */
const TURN_MS = 3_000;
const HOURS_AT_ONCE = 24;
const DEADLINE_MS = 60_000;
/** Like the days of usage: nobody looks further back. */
const FURTHEST = "400 days";

/**
 * Shares out the running hour and those before it that are not final, and makes final what can be. Days further back than
 * the first are taken up in turns. One process at a time does it; the others return at once. Returns whether this one did.
 */
export async function keepCosts(pool: pg.Pool = postgres()): Promise<boolean> {
  return alone(pool, async (client) => {
    await refreshRecent(client);
    await announceHours(client);
    await settleAnnounced(client);
  });
}

/** Shares out the recent hours now, unless somebody else is just doing that. */
export async function refreshCosts(pool: pg.Pool = postgres()): Promise<boolean> {
  return alone(pool, refreshRecent);
}

async function alone(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  // A connection that breaks fails its query; without a listener it would end the process as well.
  const onBroken = () => undefined;
  client.on("error", onBroken);
  let failure: unknown;
  try {
    const { rows } = await client.query<{ mine: boolean }>(
      "SELECT pg_try_advisory_lock(hashtext('podpass/costs')) AS mine",
    );
    if (!rows[0]?.mine) return false;
    try {
      await work(client);
      return true;
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext('podpass/costs'))");
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.off("error", onBroken);
    client.release(failure !== undefined);
  }
}

/** The running hour, and the one before until it is final. */
async function refreshRecent(client: pg.PoolClient) {
  const { rows } = await client.query<{ from: Date; to: Date; isPriced: boolean }>(
    `SELECT EXISTS (SELECT FROM pod_rates) AS "isPriced", CASE WHEN EXISTS (SELECT FROM cost_hours WHERE hour_at = running - interval '1 hour' AND built_at IS NOT NULL)
       THEN running ELSE running - interval '1 hour' END AS from, running + interval '1 hour' AS to
     FROM (SELECT ${hourOf("now()")} AS running) AS clock`,
  );
  const [recent] = rows;
  if (recent === undefined) return;
  await within(client, async () => {
    // Teams without a price pay nothing for this either.
    if (recent.isPriced) await split(client, recent.from, recent.to);
    await client.query(REFRESHED);
    return true;
  });
}

/** Where nothing ran for a day, a token costs what it did before. */
const REFRESHED = `
UPDATE cost_refreshes SET refreshed_at = now(), micro_usd_per_token = coalesce(
  (SELECT sum(gpu_micro_usd)::float8 FROM usage_costs WHERE hour_at > now() - interval '1 day') / nullif(
  (SELECT sum(prompt_tokens + completion_tokens)::float8 FROM usage_rollups
   WHERE bucket_at > now() - interval '1 day' AND pod_id IN (SELECT pod_id FROM pod_hours WHERE hour_at > now() - interval '1 day')), 0),
  micro_usd_per_token)
WHERE id = 1`;

/** Hours that are over, since the first price, as far back as their requests are kept. From now on, whoever changes their events takes the announcement back. */
async function announceHours(client: pg.PoolClient) {
  await client.query(
    `INSERT INTO cost_hours (hour_at)
     SELECT hour_at FROM generate_series(
       (SELECT ${hourOf(`greatest(min(since), now() - interval '${FURTHEST}', max(kept_from) + interval '1 day')`)} FROM pod_rates, usage_retentions),
       now() - interval '1 hour' - interval '${OVER}', interval '1 hour') AS hours (hour_at)
     WHERE NOT EXISTS (SELECT FROM cost_hours AS known WHERE known.hour_at = hours.hour_at)
     ON CONFLICT DO NOTHING`,
  );
}

/** Newest first. An hour whose announcement was taken back meanwhile is left as it was. */
async function settleAnnounced(client: pg.PoolClient) {
  const startedAt = performance.now();
  while (performance.now() - startedAt < TURN_MS) {
    const { rows } = await client.query<{ hour_at: Date }>(
      `SELECT hour_at FROM cost_hours WHERE built_at IS NULL AND announced_at < now() - interval '${SETTLED}'
       ORDER BY hour_at DESC LIMIT ${HOURS_AT_ONCE}`,
    );
    const run = newestRun(rows.map(({ hour_at }) => hour_at));
    if (run === null) return;
    await within(client, async () => {
      await split(client, run.from, run.to);
      const { rowCount } = await client.query(
        "UPDATE cost_hours SET built_at = now() WHERE hour_at >= $1 AND hour_at < $2 AND built_at IS NULL",
        [run.from, run.to],
      );
      return rowCount === (run.to.getTime() - run.from.getTime()) / HOUR_MS;
    });
  }
}

/** The hours at the head of a list, newest first, that follow one another without a gap. */
function newestRun(hours: readonly Date[]) {
  const [newest] = hours;
  if (newest === undefined) return null;
  const broken = hours.findIndex((hour, index) => hour.getTime() !== newest.getTime() - index * HOUR_MS);
  const oldest = hours[(broken === -1 ? hours.length : broken) - 1] ?? newest;
  return { from: oldest, to: new Date(newest.getTime() + HOUR_MS) };
}

/** Readers see the hours as they were or as they become, never between. */
async function split(client: pg.PoolClient, from: Date, to: Date) {
  const values = [from, to];
  await client.query("DELETE FROM usage_costs WHERE hour_at >= $1 AND hour_at < $2", values);
  await client.query("DELETE FROM pod_hours WHERE hour_at >= $1 AND hour_at < $2", values);
  const query: pg.QueryConfig & { query_timeout: number } = { text: SPLIT, values, query_timeout: DEADLINE_MS };
  await client.query(query);
  // Sums of days that held the old shares are made again.
  await client.query("DELETE FROM usage_day_spans WHERE ends_at > $1 AND starts_at < $2", values);
}

/** A transaction that is kept unless `work` says false. */
async function within(client: pg.PoolClient, work: () => Promise<boolean>) {
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL statement_timeout = ${DEADLINE_MS}`);
    const isKept = await work();
    await client.query(isKept ? "COMMIT" : "ROLLBACK");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
