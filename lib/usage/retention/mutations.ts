import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { recordSystemAudit } from "@/lib/audit/record";
import { oneAtATime } from "../one-at-a-time";

/** As long as a batch may be on its way after it began; its deadline is far shorter. */
const SETTLED = "30 seconds";
const ROWS_AT_ONCE = 5_000;
/** Between two batches, so that requests' own rows never queue behind them for long. */
const REST_MS = 100;
/** Dropping a partition locks the whole table for a moment: whoever would have to wait for that tries again later. */
const LOCK_PATIENCE_MS = 1_000;
/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = "55P03";

type Pace = { isStopping?: () => boolean; rowsAtOnce?: number };

export type Removed = { partitions: number; events: number };

/**
 * Removes the requests that the policy keeps no longer; rollups stay. Whole UTC days, in two steps: the moment from which on
 * requests are kept is moved and audited first, from when on no replay brings an older one back; what is older goes in the
 * next round, when every batch that began before has ended. One replica at a time; null where another is at it.
 */
export async function removeExpired(
  pool: pg.Pool,
  { isStopping = () => false, rowsAtOnce = ROWS_AT_ONCE }: Pace = {},
): Promise<Removed | null> {
  return oneAtATime(pool, "podpass/usage-retention", async (client) => {
    const keptFrom = await settledBound(client);
    await moveBound(client);
    if (keptFrom === null) return { partitions: 0, events: 0 };
    const partitions = await dropPartitions(client, keptFrom);
    return { partitions, events: await deleteBefore(client, keptFrom, { isStopping, rowsAtOnce }) };
  });
}

/** From when on requests are kept; null while none was removed, or while somebody may not have heard of it yet. */
async function settledBound(client: pg.PoolClient): Promise<Date | null> {
  const { rows } = await client.query<{ kept_from: Date | null }>(
    `SELECT kept_from FROM usage_retentions WHERE moved_at < now() - interval '${SETTLED}'`,
  );
  return rows[0]?.kept_from ?? null;
}

/** Forward only: a policy that keeps requests for longer brings none back. */
async function moveBound(client: pg.PoolClient) {
  await client.query("BEGIN");
  try {
    const { rows } = await client.query<{ before: Date | null; after: Date; days: number }>(
      `UPDATE usage_retentions AS bound SET kept_from = wanted.kept_from, moved_at = now()
       FROM (SELECT old.kept_from AS before, event_retention_days AS days,
               date_trunc('day', (now() - event_retention_days * interval '1 day') AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS kept_from
             FROM policies CROSS JOIN usage_retentions AS old) AS wanted
       WHERE bound.kept_from IS NULL OR bound.kept_from < wanted.kept_from
       RETURNING wanted.before, bound.kept_from AS after, wanted.days`,
    );
    const [moved] = rows;
    if (moved !== undefined) {
      const events = await requestsBetween(client, moved.before, moved.after);
      if (events > 0) {
        await recordSystemAudit(client, {
          action: "usage.remove_old",
          targetKind: "usage",
          targetId: null,
          after: { requestsRemoved: events, keptFrom: moved.after, eventRetentionDays: moved.days },
        });
      }
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Days are whole, so the rollups know: counting the rows themselves could take longer than a statement may. */
async function requestsBetween(client: pg.PoolClient, from: Date | null, to: Date): Promise<number> {
  const { rows } = await client.query<{ requests: number }>(
    `SELECT coalesce(sum(completed + client_closed + upstream_error + timeout + rejected + lost), 0)::float8 AS requests
     FROM usage_rollups WHERE bucket_at >= coalesce($1::timestamptz, '-infinity') AND bucket_at < $2`,
    [from, to],
  );
  return rows[0]?.requests ?? 0;
}

/** A month that is over for good goes in one piece. One that holds an open row waits until that was closed. */
async function dropPartitions(client: pg.PoolClient, keptFrom: Date): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT part.oid::regclass::text AS name FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
     WHERE inhparent = 'usage_events'::regclass
       AND substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz <= $1`,
    [keptFrom],
  );
  let dropped = 0;
  for (const { name } of rows) {
    const open = await client.query(`SELECT FROM ${name} WHERE outcome = 'open' LIMIT 1`);
    if (open.rowCount === 0 && (await isDropped(client, name))) dropped += 1;
  }
  return dropped;
}

async function isDropped(client: pg.PoolClient, name: string): Promise<boolean> {
  await client.query(`SET lock_timeout = ${LOCK_PATIENCE_MS}`);
  try {
    await client.query(`DROP TABLE ${name}`);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  } finally {
    await client.query("RESET lock_timeout");
  }
}

async function deleteBefore(
  client: pg.PoolClient,
  keptFrom: Date,
  { isStopping, rowsAtOnce }: Required<Pace>,
): Promise<number> {
  let events = 0;
  while (!isStopping()) {
    // Up to the moment of the last row of a batch, so that each reads a short range of the index and no more.
    const { rowCount } = await client.query(
      `DELETE FROM usage_events WHERE at < $1 AND outcome <> 'open' AND at <= coalesce(
         (SELECT at FROM usage_events WHERE at < $1 AND outcome <> 'open' ORDER BY at OFFSET $2 LIMIT 1), $1)`,
      [keptFrom, rowsAtOnce - 1],
    );
    events += rowCount ?? 0;
    if ((rowCount ?? 0) < rowsAtOnce) break;
    await sleep(REST_MS, undefined, { ref: false });
  }
  return events;
}
