/** The key and the member that stand for nobody: a pod's idle time. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

const HOUR = "interval '1 hour'";
/** A call this long may reach into a later hour from far away; those are few and have an index of their own. */
const LONG_MS = 900_000;
/** No event carries a longer duration. */
const LONGEST = "interval '7 days'";

/** UTC's hour that a time lies in. Not `date_trunc`, which goes by the session's zone. */
export const hourOf = (column: string) => `date_bin('1 hour', ${column}, timestamptz 'epoch')`;
const msOf = (span: string) => `(extract(epoch FROM upper(${span}) - lower(${span})) * 1000)`;
const after = (ms: string) => `at + ${ms} * interval '1 millisecond'`;

/**
 * Calls that took part in the hours from $1 up to $2, with the time they ran at their pod. A call whose duration nobody
 * knows counts its tokens and one millisecond.
 */
const CALLS = [
  `at >= $1::timestamptz - ${LONG_MS} * interval '1 millisecond'`,
  `at >= $1::timestamptz - ${LONGEST} AND at < $1::timestamptz - ${LONG_MS} * interval '1 millisecond' AND duration_ms > ${LONG_MS}`,
]
  .map(
    (when) => `SELECT pod_id, key_id, member_id, coalesce(model, '') AS model,
      ${after("least(coalesce(queue_ms, 0), coalesce(duration_ms, 0))")} AS began,
      ${after("greatest(coalesce(duration_ms, 0), least(coalesce(queue_ms, 0), coalesce(duration_ms, 0)) + 1)")} AS ended,
      prompt_tokens::bigint AS prompt, cached_tokens::bigint AS cached, completion_tokens::bigint AS completion
    FROM usage_events WHERE ${when} AND at < $2::timestamptz AND outcome <> 'open'
      AND pod_id IN (SELECT pod_id FROM billed) AND prompt_tokens + completion_tokens > 0`,
  )
  .join("\nUNION ALL\n");

/**
 * Shares out the hours from $1 up to $2, all of them whole but the running one, which counts up to now.
 *
 * The bill of a pod's hour is its price for the time it was billed, to the nearest micro-dollar. The time during which at
 * least one call ran is shared among the calls by their weighted tokens, one that ran over the hour's end being divided by its
 * time on either side; what is lost in rounding down goes, a micro-dollar each, to the largest remainders. The rest is idle. So
 * shares and idle add up to the bill, always. Everything is counted in integers: time in ms, weights in thousandths.
 */
export const SPLIT = `
WITH hours AS (
  SELECT hour_at, weights.* FROM generate_series($1::timestamptz, $2::timestamptz - ${HOUR}, ${HOUR}) AS hour_at
  CROSS JOIN LATERAL (SELECT prompt, cached, completion FROM token_weights WHERE since <= hour_at ORDER BY since DESC LIMIT 1) AS weights
),
billed AS MATERIALIZED (
  SELECT hour_at, pod_id, hourly_micro_usd AS rate,
    tstzrange(greatest(since, hour_at), least(until, hour_at + ${HOUR}, now()::timestamptz(3))) AS span
  FROM hours JOIN pod_rates ON since < hour_at + ${HOUR} AND (until IS NULL OR until > hour_at)
  WHERE greatest(since, hour_at) < least(until, hour_at + ${HOUR}, now()::timestamptz(3))
),
bills AS (
  SELECT hour_at, pod_id, round(sum(rate * ${msOf("span")}) / 3600000) AS bill, sum(${msOf("span")}) AS billed_ms
  FROM billed GROUP BY 1, 2
),
calls AS (${CALLS}),
parts AS (
  SELECT hour_at, pod_id, key_id, member_id, model, span,
    div(((calls.prompt - calls.cached) * hours.prompt + calls.cached * hours.cached + calls.completion * hours.completion)
      * ${msOf("span")}, ${msOf("tstzrange(began, ended)")}) AS weight
  FROM calls
  CROSS JOIN LATERAL generate_series(greatest(${hourOf("began")}, $1::timestamptz), ended - interval '1 millisecond', ${HOUR}) AS touched
  JOIN hours ON hour_at = touched
  CROSS JOIN LATERAL (SELECT tstzrange(greatest(began, hour_at), least(ended, hour_at + ${HOUR})) AS span) AS within
),
running AS (SELECT hour_at, pod_id, range_agg(span) AS spans FROM parts WHERE weight > 0 GROUP BY 1, 2),
busy AS (
  SELECT hour_at, pod_id, floor(sum(rate * ${msOf("piece")}) / 3600000) AS due, sum(${msOf("piece")}) AS ms
  FROM running JOIN billed USING (hour_at, pod_id) CROSS JOIN LATERAL unnest(spans * tstzmultirange(span)) AS piece
  GROUP BY 1, 2
),
weights AS (
  SELECT hour_at, pod_id, key_id, member_id, model, sum(weight) AS weight FROM parts WHERE weight > 0 GROUP BY 1, 2, 3, 4, 5
),
whole AS (SELECT hour_at, pod_id, sum(weight) AS all_weight FROM weights GROUP BY 1, 2),
floors AS (
  SELECT hour_at, pod_id, key_id, member_id, model, due, div(due * weight, all_weight) AS share, (due * weight) % all_weight AS rest
  FROM weights JOIN whole USING (hour_at, pod_id) JOIN busy USING (hour_at, pod_id)
),
ranked AS (
  SELECT *, due - sum(share) OVER own AS lost,
    row_number() OVER (PARTITION BY hour_at, pod_id ORDER BY rest DESC, key_id, member_id, model) AS place
  FROM floors WINDOW own AS (PARTITION BY hour_at, pod_id)
),
totals AS (
  SELECT hour_at, pod_id, bill, bill - coalesce(due, 0) AS idle, billed_ms, coalesce(ms, 0) AS busy_ms
  FROM bills LEFT JOIN busy USING (hour_at, pod_id)
),
kept AS (
  INSERT INTO pod_hours (pod_id, hour_at, bill_micro_usd, idle_micro_usd, billed_ms, busy_ms)
  SELECT pod_id, hour_at, bill, idle, billed_ms, busy_ms FROM totals
)
INSERT INTO usage_costs (hour_at, key_id, member_id, pod_id, model, gpu_micro_usd, idle_micro_usd)
SELECT hour_at, key_id, member_id, pod_id, model, share + (place <= lost)::int, 0 FROM ranked WHERE share + (place <= lost)::int > 0
UNION ALL
SELECT hour_at, '${NOBODY}', '${NOBODY}', pod_id, '', 0, idle FROM totals WHERE idle > 0`;
