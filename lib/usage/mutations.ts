import type pg from "pg";
import { columnsOf } from "./columns";
import type { UsageEvent } from "./event";
import { CLOSE_LOST, CORRECT, WRITE } from "./mutation-sql";

/** What statements run on: a pool, or a client inside a transaction. */
type Database = Pick<pg.ClientBase, "query">;

const CLOSED_AT_ONCE = 1_000;

/**
 * Upserts a batch of distinct requests in one statement: a row appears once, becomes final once, and the rollups count it
 * in the same moment, whatever is sent again. Returns how many rows it changed.
 */
export async function writeEvents(database: Database, replicaId: string, events: UsageEvent[]): Promise<number> {
  const columns = columnsOf(events);
  // By name: planning it anew costs a fifth of running it.
  const changed = await changedBy(database, WRITE, [...columns, replicaId], "podpass-usage-write");
  // All there: the usual case. Otherwise something was replayed, and some of it may have been given up for lost.
  return changed === events.length ? changed : changed + (await changedBy(database, CORRECT, columns));
}

/** Closes as `lost` what these replicas left open, and returns how many rows that were. */
export async function closeLost(database: Database, replicaIds: string[]): Promise<number> {
  let total = 0;
  for (;;) {
    const changed = await changedBy(database, CLOSE_LOST, [replicaIds, CLOSED_AT_ONCE]);
    total += changed;
    if (changed < CLOSED_AT_ONCE) return total;
  }
}

async function changedBy(database: Database, text: string, values: unknown[], name?: string): Promise<number> {
  const { rows } = await database.query<{ changed: string | number }>({ text, values, name });
  return Number(rows[0]?.changed ?? 0);
}

/** Says that a replica lives, by the database's clock. The first time makes its row. */
export async function heartbeat(database: Database, replicaId: string, host: string) {
  await database.query({
    text: `INSERT INTO replicas (id, host) VALUES ($1, $2)
      ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), stopped_at = NULL`,
    values: [replicaId, host],
  });
}

/** Says that a replica ended in good order. */
export async function sayGoodbye(database: Database, replicaId: string) {
  await database.query({ text: "UPDATE replicas SET stopped_at = now() WHERE id = $1", values: [replicaId] });
}

/** Replicas with open rows of which nothing was heard for that long. One whose row is missing counts from its oldest open row. */
export async function findSilent(database: Database, silentMs: number): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>({
    text: `SELECT stranded.replica_id AS id
      FROM (SELECT replica_id, min(at) AS since FROM usage_events WHERE outcome = 'open' GROUP BY replica_id) AS stranded
      LEFT JOIN replicas ON replicas.id = stranded.replica_id
      WHERE greatest(replicas.heartbeat_at, CASE WHEN replicas.id IS NULL THEN stranded.since END)
        < now() - $1 * interval '1 millisecond'`,
    values: [silentMs],
  });
  return rows.map(({ id }) => id);
}

/** Forgets replicas that ended long ago, and makes the partitions of the months to come. */
export async function keepHouse(database: Database) {
  await database.query(`DELETE FROM replicas WHERE heartbeat_at < now() - interval '7 days'
    AND NOT EXISTS (SELECT FROM usage_events WHERE outcome = 'open' AND replica_id = replicas.id)`);
  await database.query(`SELECT ensure_usage_partitions(greatest(now() - interval '1 month', kept_from), now() + interval '3 months')
    FROM usage_retentions`);
}

/** A secret's newest use. */
export type SecretUse = { secretId: string; atMs: number; ip: string | null };

/** Moves the last use of secrets forward, never back. */
export async function moveLastUsed(database: Database, uses: SecretUse[]) {
  await database.query({
    text: `UPDATE api_key_secrets AS secret SET last_used_at = used.at, last_used_ip = coalesce(used.ip, secret.last_used_ip)
      FROM (SELECT id, ip, timestamptz 'epoch' + at_ms * interval '1 millisecond' AS at
            FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS t(id, at_ms, ip) ORDER BY id) AS used
      WHERE secret.id = used.id AND (secret.last_used_at IS NULL OR secret.last_used_at < used.at)`,
    values: [uses.map((use) => use.secretId), uses.map((use) => use.atMs), uses.map((use) => use.ip)],
  });
}
