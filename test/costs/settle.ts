import type { Pool } from "pg";
import { keepCosts } from "@/lib/costs/mutations";

/** Has every hour that is over shared out for good, without the wait between announcing and building. */
export async function settleCosts(database: Pool) {
  let isReady = false;
  while (!isReady) {
    await keepCosts(database);
    const { rowCount } = await database.query(
      "UPDATE cost_hours SET announced_at = now() - interval '1 hour' WHERE built_at IS NULL",
    );
    isReady = rowCount === 0;
  }
}

/** Gives a pod a price from one moment to another, as if it had been set then. */
export async function setRate(database: Pool, podId: string, hourlyMicroUsd: number, since: number, until?: number) {
  await database.query("INSERT INTO pod_rates (pod_id, since, until, hourly_micro_usd) VALUES ($1, $2, $3, $4)", [
    podId,
    new Date(since),
    until === undefined ? null : new Date(until),
    hourlyMicroUsd,
  ]);
}
