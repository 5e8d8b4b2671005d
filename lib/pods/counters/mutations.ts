import { hourOf } from "../../costs/split-sql";
import { postgres } from "../../postgres";
import type { CounterReading } from "./reading";

/** A reading is due this long after the last one began, whichever process made it. */
const DUE = "55 seconds";

export type ClaimedPod = { podId: string; baseUrl: string; claimedAt: Date };

/** Pods whose counters are due to be read, now this process' to read. No two processes get the same one. */
export async function claimCounters(): Promise<ClaimedPod[]> {
  const { rows } = await postgres().query<ClaimedPod>(
    `INSERT INTO pod_counters AS known (pod_id, base_url, claimed_at)
     SELECT id, base_url, now() FROM pods WHERE removed_at IS NULL AND state IN ('serving', 'failing') ORDER BY id
     ON CONFLICT (pod_id) DO UPDATE SET claimed_at = now() WHERE known.claimed_at < now() - interval '${DUE}'
     RETURNING pod_id AS "podId", claimed_at AS "claimedAt", (SELECT base_url FROM pods WHERE id = pod_id) AS "baseUrl"`,
  );
  return rows;
}

/**
 * Adds what the counters rose by since the last reading to the hours between, by their time. Counters that are lower than
 * they were have begun anew with the pod: all they hold is new. The first reading at an address is where counting begins.
 * A claim that somebody else has taken over since changes nothing.
 */
export async function recordCounters(
  { podId, baseUrl, claimedAt }: ClaimedPod,
  reading: CounterReading,
): Promise<void> {
  await postgres().query(
    `WITH before AS (
       SELECT *, prompt_tokens > $4 OR completion_tokens > $5 AS is_anew FROM pod_counters
       WHERE pod_id = $1 AND claimed_at = $3 FOR UPDATE
     ),
     risen AS (
       SELECT *, CASE WHEN is_anew THEN $4::bigint ELSE $4 - prompt_tokens END AS prompt,
         CASE WHEN is_anew THEN $5::bigint ELSE $5 - completion_tokens END AS completion,
         extract(epoch FROM now()::timestamptz(3) - read_at) * 1000 AS length
       FROM before WHERE base_url = $2 AND read_at < now()::timestamptz(3)
     ),
     hours AS (
       SELECT hour_at, is_anew, prompt, completion, length,
         extract(epoch FROM greatest(hour_at, read_at) - read_at) * 1000 AS first,
         extract(epoch FROM least(hour_at + interval '1 hour', now()::timestamptz(3)) - read_at) * 1000 AS last,
         row_number() OVER (ORDER BY hour_at DESC) = 1 AS is_newest
       FROM risen CROSS JOIN LATERAL generate_series(${hourOf("read_at")}, now(), interval '1 hour') AS hour_at
     ),
     added AS (
       INSERT INTO pod_counter_hours AS known (pod_id, hour_at, prompt_tokens, completion_tokens, restarts)
       SELECT $1, hour_at, div(prompt * last, length) - div(prompt * first, length),
         div(completion * last, length) - div(completion * first, length), (is_anew AND is_newest)::int
       FROM hours ON CONFLICT (pod_id, hour_at) DO UPDATE SET
         prompt_tokens = known.prompt_tokens + excluded.prompt_tokens,
         completion_tokens = known.completion_tokens + excluded.completion_tokens,
         restarts = known.restarts + excluded.restarts
     )
     UPDATE pod_counters AS known SET base_url = $2, read_at = now(), prompt_tokens = $4, completion_tokens = $5,
       first_at = CASE WHEN known.base_url = $2 THEN coalesce(known.first_at, now()) ELSE now() END
     FROM before WHERE known.pod_id = before.pod_id`,
    [podId, baseUrl, claimedAt, reading.promptTokens, reading.completionTokens],
  );
}
