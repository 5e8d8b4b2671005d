import { type Actor, isAdmin } from "../../auth/member";
import { hourOf } from "../../costs/split-sql";
import { AppError } from "../../errors";
import { postgres } from "../../postgres";
import { usageSums } from "../../usage/queries";
import { listRequests } from "../../usage/requests/queries";
import { type Cause, type Comparison, causesOf } from "./cause";

const DAY = "24 hours";
const MOST_RUNNING = 100;

export type Reconciliation = Pick<Comparison, "counted" | "recorded"> & { from: Date; to: Date; causes: Cause[] };

type Row = { podId: string; from: Date; to: Date; prompt: number; completion: number; restarts: number };

/** What the pods' own counters rose by within a day, beside what was recorded in that time, by pod; for admins. */
export async function reconcilePods(actor: Actor): Promise<Map<string, Reconciliation>> {
  if (!isAdmin(actor)) throw new AppError("forbidden", "Only an admin can see the pods' counters.");
  const { rows } = await postgres().query<Row>(
    `SELECT pod_id AS "podId", first AS from, read_at AS to, coalesce(sum(hour.prompt_tokens), 0)::bigint AS prompt,
       coalesce(sum(hour.completion_tokens), 0)::bigint AS completion, coalesce(sum(restarts), 0)::int AS restarts
     FROM (SELECT pod_id, read_at, greatest(first_at, ${hourOf(`read_at - interval '${DAY}'`)}) AS first FROM pod_counters
           WHERE read_at > first_at AND read_at > now() - interval '${DAY}') AS known
     LEFT JOIN pod_counter_hours AS hour USING (pod_id)
     WHERE hour_at >= ${hourOf("first")} GROUP BY 1, 2, 3`,
  );
  return new Map(await Promise.all(rows.map(async (row) => [row.podId, await compared(actor, row)] as const)));
}

async function compared(actor: Actor, { podId, from, to, prompt, completion, restarts }: Row): Promise<Reconciliation> {
  const filters = { podIds: [podId] };
  const [current, open] = await Promise.all([
    usageSums(actor, { from, to, filters }),
    listRequests(actor, { ...filters, outcomes: ["open"], to }, null, MOST_RUNNING),
  ]);
  const comparison: Comparison = {
    counted: { promptTokens: prompt, completionTokens: completion },
    recorded: { promptTokens: current.promptTokens, completionTokens: current.completionTokens },
    requests: current.requests,
    running: open.rows.length,
    uncounted: current.unknown,
    estimated: current.estimated,
    restarts,
  };
  return { from, to, counted: comparison.counted, recorded: comparison.recorded, causes: causesOf(comparison) };
}
