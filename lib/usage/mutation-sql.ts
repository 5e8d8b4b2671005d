import { hourOf } from "../costs/split-sql";
import { BATCH, BATCH_PARAMETERS } from "./columns";

const QUARTER = "date_bin('15 minutes', at, timestamptz 'epoch')";
/** The bin of a duration, as `binOf` in histogram.ts has it. */
export const BIN = (column: string) => `floor(4 * ln(greatest(${column}, 1)) / ln(2) + 1e-12)::bigint`;
const DIMENSIONS = "bucket_at, key_id, member_id, pod_id, model";
const COUNTS = ["completed", "client_closed", "upstream_error", "timeout", "rejected", "lost"];
const SOURCES = ["estimated", "unknown"];
const MONEY = ["gpu_micro_usd", "idle_micro_usd"];
const TOKENS = ["prompt_tokens", "cached_tokens", "completion_tokens"];
const ADDED = [...COUNTS, ...SOURCES, ...TOKENS];

const histogram = (column: string) => `
  SELECT ${DIMENSIONS}, array_agg((bin << 32) + amount ORDER BY bin) AS bins
  FROM (SELECT ${DIMENSIONS}, ${BIN(column)} AS bin, count(*) AS amount FROM counted
        WHERE ${column} IS NOT NULL AND weight = 1 GROUP BY ${DIMENSIONS}, bin) AS bins
  GROUP BY ${DIMENSIONS}`;

/**
 * Adds the rows of `changed` (events with a `weight` of 1, or -1 to take one out again) to the rollups. Sorted by key, so
 * that two batches wait for each other and never in a circle. Only events with a weight of 1 may carry durations. Days that
 * were summed up already are no longer true: their spans go, and they are built again; so are the shares of hours in which
 * the event ran.
 */
export const ROLL_UP = `
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
),
outdated AS (
  DELETE FROM usage_day_spans AS span USING (SELECT DISTINCT bucket_at FROM sums) AS touched
  WHERE span.ends_at > touched.bucket_at AND span.starts_at <= touched.bucket_at
),
unsettled AS (
  DELETE FROM cost_hours AS hour USING (
    SELECT ${hourOf("at")} AS first, max(at + coalesce(duration_ms, 0) * interval '1 millisecond') AS last FROM counted GROUP BY 1
  ) AS touched
  WHERE hour.hour_at >= touched.first AND hour.hour_at <= touched.last
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

/** Of two reports of a request that still runs the later one tells more; its opening has no duration at all. */
const IS_LATER =
  "event.outcome = 'open' AND (excluded.outcome <> 'open' OR excluded.duration_ms > coalesce(event.duration_ms, -1))";

/** What the policy keeps no longer was counted long ago: a replay must not count it again. */
const IS_KEPT = "at >= coalesce((SELECT kept_from FROM usage_retentions), '-infinity')";

/** A batch into events and rollups; the last parameter is the replica. */
export const WRITE = `
WITH incoming AS (${BATCH}),
changed AS (
  INSERT INTO usage_events AS event (${FACTS.join(", ")}, replica_id)
  SELECT ${FACTS.join(", ")}, $${BATCH_PARAMETERS + 1}::uuid FROM incoming WHERE ${IS_KEPT} ORDER BY at, request_id
  ON CONFLICT (at, request_id) DO UPDATE SET ${FINAL.map((name) => `${name} = excluded.${name}`).join(", ")}
    WHERE ${IS_LATER}
  RETURNING event.*, 1 AS weight
),
${ROLL_UP}
SELECT count(*) AS changed FROM changed`;

/** A row closed as lost whose end turns up after all: the closing is taken out of the rollups, the end put in. */
export const CORRECT = `
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
export const CLOSE_LOST = `
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

const DAY_DIMENSIONS = DIMENSIONS.replace("bucket_at, ", "");
const merged = (column: string) => `
  SELECT ${DAY_DIMENSIONS}, array_agg((bin << 32) + amount ORDER BY bin) AS bins
  FROM (SELECT ${DAY_DIMENSIONS}, entry >> 32 AS bin, sum(entry & 4294967295)::bigint AS amount
        FROM quarters CROSS JOIN LATERAL unnest(${column}) AS entry GROUP BY ${DAY_DIMENSIONS}, bin) AS bins
  GROUP BY ${DAY_DIMENSIONS}`;
const SUMMED = [...ADDED, ...MONEY];
/** Sums up a day of a zone ($1) from $2 to $3. An hour's money belongs to the day in which the hour begins. */
export const BUILD_DAY = `
WITH quarters AS MATERIALIZED (
  SELECT ${DAY_DIMENSIONS}, ${ADDED.join(", ")}, ${MONEY.map((name) => `0::bigint AS ${name}`).join(", ")}, ttft, duration
  FROM usage_rollups WHERE bucket_at >= $2::timestamptz AND bucket_at < $3::timestamptz
  UNION ALL
  SELECT ${DAY_DIMENSIONS}, ${ADDED.map((name) => `0 AS ${name}`).join(", ")}, ${MONEY.join(", ")}, '{}', '{}'
  FROM usage_costs WHERE hour_at >= $2::timestamptz AND hour_at < $3::timestamptz
),
sums AS (SELECT ${DAY_DIMENSIONS}, ${SUMMED.map((name) => `sum(${name}) AS ${name}`).join(", ")} FROM quarters GROUP BY ${DAY_DIMENSIONS}),
ttfts AS (${merged("ttft")}),
durations AS (${merged("duration")})
INSERT INTO usage_days (zone, starts_at, ${DAY_DIMENSIONS}, ${SUMMED.join(", ")}, ttft, duration)
SELECT $1, $2, ${DAY_DIMENSIONS}, ${SUMMED.join(", ")}, coalesce(ttfts.bins, '{}'), coalesce(durations.bins, '{}')
FROM sums LEFT JOIN ttfts USING (${DAY_DIMENSIONS}) LEFT JOIN durations USING (${DAY_DIMENSIONS})`;
