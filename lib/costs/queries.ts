import { type Actor, isAdmin } from "../auth/member";
import { AppError } from "../errors";
import { postgres } from "../postgres";

/** How much tokens count for when a pod's hour is shared out: 1 is an uncached token of a prompt. */
export type TokenWeights = { prompt: number; cached: number; completion: number };

/** What pages that show money need to know: whether any pod ever had a price, and by what its hours are shared out now. */
export async function moneyFacts(): Promise<{ isPriced: boolean; weights: TokenWeights }> {
  const { rows } = await postgres().query<TokenWeights & { isPriced: boolean }>(
    `SELECT EXISTS (SELECT FROM pod_rates) AS "isPriced", prompt_weight / 1000.0::float8 AS prompt,
       cached_weight / 1000.0::float8 AS cached, completion_weight / 1000.0::float8 AS completion
     FROM policies WHERE id = 1`,
  );
  const { isPriced = false, ...weights } = rows[0] ?? {};
  return { isPriced, weights: { prompt: 1, cached: 0.1, completion: 4, ...weights } };
}

/** What a pod cost since a moment, and how much of that nobody used. */
export type PodBill = { billMicroUsd: number; idleMicroUsd: number; billedMs: number; busyMs: number };

/** The bills of pods since a moment, by pod, the running hour so far among them; for admins. */
export async function podBills(actor: Actor, since: Date): Promise<Map<string, PodBill>> {
  if (!isAdmin(actor)) throw new AppError("forbidden", "Only an admin can see what the pods cost.");
  const { rows } = await postgres().query<PodBill & { podId: string }>(
    `SELECT pod_id AS "podId", sum(bill_micro_usd)::bigint AS "billMicroUsd", sum(idle_micro_usd)::bigint AS "idleMicroUsd",
       sum(billed_ms)::bigint AS "billedMs", sum(busy_ms)::bigint AS "busyMs"
     FROM pod_hours WHERE hour_at >= $1 GROUP BY 1`,
    [since],
  );
  return new Map(rows.map(({ podId, ...bill }) => [podId, bill]));
}
