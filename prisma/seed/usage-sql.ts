import { ROLL_UP } from "@/lib/usage/mutation-sql";

/** Random bits for request `i`: `stream` tells draws apart. Two seeds of a team must not share ids, hence $2. */
const bits = (stream: number) => `hashint8extended(i, $2::bigint * 64 + ${stream})`;
/** A number from 0 up to 1 out of twenty of the bits. */
const share = (bitsOf: string, from: number) => `((${bitsOf} >> ${from}) & 1048575) / 1048576.0::float8`;
/** About normal, around 0 with a spread of 1. */
const normal = (bitsOf: string) => `2 * (${[0, 20, 40].map((from) => share(bitsOf, from)).join(" + ")} - 1.5)`;
const slot = (slots: string, from: number) => `(${slots})[1 + ((a >> ${from}) & 1023)]`;

/**
 * One day of requests into events and, by the recorder's own statement, into rollups. Parameters: 1 how many, 2 the seed,
 * 3 the day's first millisecond; slots of 1024 to draw from: 4 passes, 5 to 7 quarters of an hour when people work, around
 * the clock, and at night; what a pass is, by its index: 8 key, 9 secret, 10 member, 11 rhythm, 12 model, 13 embeds;
 * 14 the pod, 15 the share of requests that the pod fails, 16 the replica.
 */
export const SEED_DAY = `
WITH drawn AS (
  SELECT i, ${bits(1)} AS a, ${bits(2)} AS b, ${bits(3)} AS c, ${bits(4)} AS d, ${bits(5)} AS e FROM generate_series(1, $1::int) AS i
),
placed AS (
  SELECT *, ${slot("$4::int[]", 0)} AS pass, ${share("b", 0)} AS fate, ${share("b", 20)} AS part, ${share("b", 40)} AS pace
  FROM drawn
),
timed AS (
  SELECT *, $3::bigint + (a >> 24 & 1048575) * 900000 / 1048576 + 900000 * CASE ($11::text[])[pass]
    WHEN 'office' THEN ${slot("$5::int[]", 10)} WHEN 'night' THEN ${slot("$7::int[]", 10)} ELSE ${slot("$6::int[]", 10)} END AS ms
  FROM placed
),
ended AS (
  SELECT *, CASE
      WHEN fate < $15::float8 THEN 'upstream_error' WHEN fate < $15::float8 + 0.003 THEN 'timeout'
      WHEN fate > 0.985 THEN 'rejected' WHEN fate > 0.963 AND NOT ($13::bool[])[pass] THEN 'client_closed'
      WHEN fate > 0.9625 THEN 'lost' ELSE 'completed' END AS outcome,
    least(exp(6.6 + 0.9 * (${normal("c")})), 30000)::int AS prompt,
    CASE WHEN ($13::bool[])[pass] THEN 0 ELSE least(exp(5.3 + 0.8 * (${normal("d")})), 4000)::int END AS completion,
    ((70 + exp(4.6 + 0.7 * (${normal("e")}))) * (0.6 + 0.2 * (pass % 5)))::int AS ttft
  FROM timed
),
measured AS (
  SELECT *, outcome IN ('completed', 'client_closed') AS ran,
    CASE WHEN outcome = 'client_closed' THEN ceil(completion * part)::int ELSE completion END AS produced
  FROM ended
),
changed AS (
  INSERT INTO usage_events AS event (request_id, at, key_id, secret_id, member_id, pod_id, model, route, streamed, status, outcome,
    token_source, prompt_tokens, cached_tokens, completion_tokens, queue_ms, ttft_ms, duration_ms, error_code, replica_id)
  SELECT (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(c & 4095), 3, '0') || to_hex(8 + (d & 3)) || lpad(to_hex(e & 1152921504606846975), 15, '0'))::uuid,
    (timestamptz 'epoch' + ms * interval '1 millisecond')::timestamptz(3),
    ($8::uuid[])[pass], ($9::uuid[])[pass], ($10::uuid[])[pass],
    CASE WHEN outcome <> 'rejected' THEN $14::uuid END, CASE WHEN outcome <> 'rejected' THEN ($12::text[])[pass] END,
    CASE WHEN ($13::bool[])[pass] THEN '/v1/embeddings' ELSE '/v1/chat/completions' END,
    NOT ($13::bool[])[pass] AND (outcome = 'client_closed' OR part < 0.8),
    CASE outcome WHEN 'upstream_error' THEN 502 WHEN 'timeout' THEN 504 WHEN 'rejected' THEN 429 WHEN 'lost' THEN NULL ELSE 200 END,
    outcome, CASE WHEN ran OR outcome = 'rejected' THEN 'measured' ELSE 'unknown' END,
    CASE WHEN ran THEN prompt ELSE 0 END, CASE WHEN ran AND pace < 0.4 THEN prompt * 7 / 10 / 16 * 16 ELSE 0 END,
    CASE WHEN ran THEN produced ELSE 0 END,
    CASE WHEN outcome NOT IN ('rejected', 'lost') THEN (pace * pace * 6)::int END, CASE WHEN ran THEN ttft END,
    CASE outcome WHEN 'lost' THEN NULL WHEN 'rejected' THEN 1 WHEN 'timeout' THEN 600000 WHEN 'upstream_error' THEN ttft
      ELSE ttft + produced * (11 + 14 * pace)::int END,
    CASE outcome WHEN 'upstream_error' THEN 'pod_error' WHEN 'timeout' THEN 'pod_timeout' WHEN 'rejected' THEN 'rate_limit_exceeded' END,
    $16::uuid
  FROM measured ORDER BY ms
  RETURNING event.*, 1 AS weight
),
${ROLL_UP}
SELECT count(*) AS changed FROM changed`;

/** Events and rollups added up, side by side: every column of a row must hold the same twice. */
export const COMPARE = `
SELECT of, requests, failed, tokens, cached, timed FROM (
  SELECT 'events' AS of, count(*) AS requests, count(*) FILTER (WHERE outcome <> 'completed') AS failed,
    sum(prompt_tokens + completion_tokens) AS tokens, sum(cached_tokens) AS cached, count(duration_ms) + count(ttft_ms) AS timed
  FROM usage_events WHERE outcome <> 'open' AND member_id = ANY($1::uuid[])
  UNION ALL
  SELECT 'rollups', sum(completed + client_closed + upstream_error + timeout + rejected + lost),
    sum(client_closed + upstream_error + timeout + rejected + lost), sum(prompt_tokens + completion_tokens), sum(cached_tokens),
    sum((SELECT coalesce(sum(bin & 4294967295), 0) FROM unnest(ttft || duration) AS bin))
  FROM usage_rollups WHERE member_id = ANY($1::uuid[])
) AS both_sums`;

/** Days that are called ready and differ from their rollups: there must be none. */
export const WRONG_DAYS = `
WITH spans AS (SELECT zone, starts_at, ends_at FROM usage_day_spans WHERE built_at IS NOT NULL),
days AS (
  SELECT zone, starts_at, sum(completed + client_closed + upstream_error + timeout + rejected + lost) AS requests,
    sum(prompt_tokens + completion_tokens) AS tokens
  FROM usage_days WHERE member_id = ANY($1::uuid[]) GROUP BY zone, starts_at
),
quarters AS (
  SELECT zone, starts_at, sum(completed + client_closed + upstream_error + timeout + rejected + lost) AS requests,
    sum(prompt_tokens + completion_tokens) AS tokens
  FROM spans JOIN usage_rollups ON bucket_at >= starts_at AND bucket_at < ends_at
  WHERE member_id = ANY($1::uuid[]) GROUP BY zone, starts_at
)
SELECT count(*) AS wrong FROM quarters LEFT JOIN days USING (zone, starts_at)
WHERE (days.requests, days.tokens) IS DISTINCT FROM (quarters.requests, quarters.tokens)`;
