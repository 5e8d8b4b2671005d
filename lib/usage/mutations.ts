import type pg from "pg";
import { BATCH, BATCH_PARAMETERS, columnsOf } from "./columns";
import type { UsageEvent } from "./event";

/** What statements run on: a pool, or a client inside a transaction. */
type Database = Pick<pg.ClientBase, "query">;

const QUARTER = "date_bin('15 minutes', at, timestamptz 'epoch')";
const BIN = (column: string) => `floor(4 * ln(greatest(${column}, 1)) / ln(2) + 1e-12)::bigint`;
const DIMENSIONS = "bucket_at, key_id, member_id, pod_id, model";
const COUNTS = ["completed", "client_closed", "upstream_error", "timeout", "rejected", "lost"];
const SOURCES = ["estimated", "unknown"];
const TOKENS = ["prompt_tokens", "cached_tokens", "completion_tokens"];
const ADDED = [...COUNTS, ...SOURCES, ...TOKENS];

const histogram = (column: string) => `
  SELECT ${DIMENSIONS}, array_agg((bin << 32) + amount ORDER BY bin) AS bins
  FROM (SELECT ${DIMENSIONS}, ${BIN(column)} AS bin, count(*) AS amount FROM counted
        WHERE ${column} IS NOT NULL AND weight = 1 GROUP BY ${DIMENSIONS}, bin) AS bins
  GROUP BY ${DIMENSIONS}`;

/**
 * Adds the rows of `changed` (events with a `weight` of 1, or -1 to take one out again) to the rollups. Sorted by key, so
 * that two batches wait for each other and never in a circle. Only events with a weight of 1 may carry durations.
 */
const ROLL_UP = `
counted AS (
  SELECT *, ${QUARTER} AS bucket_at FROM (SELECT at, key_id, member_id, outcome, token_source, ${TOKENS.join(", ")},
    ttft_ms, duration_ms, weight, coalesce(pod_id, '00000000-0000-0000-0000-000000000000') AS pod_id,
    coalesce(model, '') AS model FROM changed WHERE outcome <> 'open') AS ended
),
sums AS (
  SELECT ${DIMENSIONS},
    ${COUNTS.map((name) => `coalesce(sum(weight) FILTER (WHERE outcome = '${name}'), 0) AS ${name}`).join(", ")},
    ${SOURCES.map((name) => `coalesce(sum(weight) FILTER (WHERE token_source = '${name}'), 0) AS ${name}`).join(", ")},
    ${TOKENS.map((name) => `sum(weight * ${name}::bigint) AS ${name}`).join(", ")}
  FROM counted GROUP BY ${DIMENSIONS}
),
ttfts AS (${histogram("ttft_ms")}),
durations AS (${histogram("duration_ms")}),
rolled AS (
  INSERT INTO usage_rollups AS total (${DIMENSIONS}, ${ADDED.join(", ")}, ttft, duration)
  SELECT ${DIMENSIONS}, ${ADDED.join(", ")}, coalesce(ttfts.bins, '{}'), coalesce(durations.bins, '{}')
  FROM sums LEFT JOIN ttfts USING (${DIMENSIONS}) LEFT JOIN durations USING (${DIMENSIONS})
  ORDER BY ${DIMENSIONS}
  ON CONFLICT (${DIMENSIONS}) DO UPDATE SET
    ${ADDED.map((name) => `${name} = total.${name} + excluded.${name}`).join(", ")},
    ttft = CASE WHEN excluded.ttft = '{}' THEN total.ttft ELSE merge_histograms(total.ttft, excluded.ttft) END,
    duration = CASE WHEN excluded.duration = '{}' THEN total.duration ELSE merge_histograms(total.duration, excluded.duration) END
)`;

/** What an event's end may change. Whose request it was, and when, stays as the open row said. */
const ENDING = [
  "pod_id",
  "model",
  "status",
  "outcome",
  "token_source",
  ...TOKENS,
  "queue_ms",
  "ttft_ms",
  "duration_ms",
];
const FINAL = [...ENDING, "error_code", "streamed"];
const FACTS = ["request_id", "at", "key_id", "secret_id", "member_id", "route", ...FINAL];

const WRITE = `
WITH incoming AS (${BATCH}),
changed AS (
  INSERT INTO usage_events AS event (${FACTS.join(", ")}, replica_id)
  SELECT ${FACTS.join(", ")}, $${BATCH_PARAMETERS + 1}::uuid FROM incoming ORDER BY at, request_id
  ON CONFLICT (at, request_id) DO UPDATE SET ${FINAL.map((name) => `${name} = excluded.${name}`).join(", ")}
    WHERE event.outcome = 'open' AND excluded.outcome <> 'open'
  RETURNING event.*, 1 AS weight
),
${ROLL_UP}
SELECT count(*) AS changed FROM changed`;

/** A row closed as lost whose end turns up after all: the closing is taken out of the rollups, the end put in. */
const CORRECT = `
WITH incoming AS (${BATCH}),
closed AS (
  SELECT event.* FROM usage_events AS event JOIN incoming USING (at, request_id)
  WHERE event.outcome = 'lost' AND incoming.outcome NOT IN ('open', 'lost')
  ORDER BY at, request_id FOR UPDATE OF event
),
corrected AS (
  UPDATE usage_events AS event SET ${FINAL.map((name) => `${name} = incoming.${name}`).join(", ")}
  FROM incoming JOIN closed USING (at, request_id)
  WHERE event.at = incoming.at AND event.request_id = incoming.request_id AND event.outcome = 'lost'
  RETURNING event.*
),
changed AS (
  SELECT *, 1 AS weight FROM corrected
  UNION ALL SELECT closed.*, -1 AS weight FROM closed JOIN corrected USING (at, request_id)
),
${ROLL_UP}
SELECT count(*) AS changed FROM corrected`;

/** A row leaves the index of open rows with this, so the second of two reconcilers finds nothing. */
const CLOSE_LOST = `
WITH stranded AS (
  SELECT at, request_id FROM usage_events WHERE outcome = 'open' AND replica_id = ANY($1::uuid[])
  ORDER BY at, request_id LIMIT $2 FOR UPDATE SKIP LOCKED
),
changed AS (
  UPDATE usage_events AS event SET outcome = 'lost', ttft_ms = NULL, duration_ms = NULL
  FROM stranded WHERE event.at = stranded.at AND event.request_id = stranded.request_id AND event.outcome = 'open'
  RETURNING event.*, 1 AS weight
),
${ROLL_UP}
SELECT count(*) AS changed FROM changed`;

const CLOSED_AT_ONCE = 1_000;

/**
 * Upserts a batch of distinct requests in one statement: a row appears once, becomes final once, and the rollups count it
 * in the same moment, whatever is sent again. Returns how many rows it changed.
 */
export async function writeEvents(database: Database, replicaId: string, events: UsageEvent[]): Promise<number> {
  const columns = columnsOf(events);
  const changed = await changedBy(database, WRITE, [...columns, replicaId]);
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

async function changedBy(database: Database, text: string, values: unknown[]): Promise<number> {
  const { rows } = await database.query<{ changed: string | number }>({ text, values });
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
  await database.query("SELECT ensure_usage_partitions(now() - interval '1 month', now() + interval '3 months')");
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
