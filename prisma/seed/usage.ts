import pg from "pg";
import { keepCosts } from "@/lib/costs/mutations";
import { sumUpDays } from "@/lib/usage/days/mutations";
import { moveLastUsed } from "@/lib/usage/mutations";
import { calendarOf, DAY_MS, DAYS, shareOut } from "./calendar";
import { MODELS } from "./key-plan";
import type { Pass } from "./team";
import { COMPARE, SEED_DAY, WRONG_DAYS } from "./usage-sql";

/** Longer than the recorder gives a batch to end after a day was announced. */
const SETTLED_MS = 31_000;

type SeedUsage = {
  databaseUrl: string;
  passes: readonly Pass[];
  podId: string;
  events: number;
  /** Days are summed up here and now; otherwise the running Podpass does it in its own time. */
  sumUp: boolean;
  now: Date;
  say: (text: string) => void;
};

type Sums = { of: string; requests: string; failed: string; tokens: string; cached: string; timed: string };

/** Ninety days of requests, a day in one statement. Throws where rollups or days are not what the events add up to. */
export async function seedUsage({ databaseUrl, passes, podId, events, sumUp, now, say }: SeedUsage): Promise<void> {
  // The product's own pool gives up after ten seconds; a day of ten million takes longer.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  try {
    await pool.query("SELECT ensure_usage_partitions($1, now() + interval '3 months')", [
      new Date(now.getTime() - DAYS * DAY_MS),
    ]);
    await priceHistory(pool, podId, now);
    await fill(pool, { passes, podId, events, now, say });
    await markLastUse(pool, passes);
    if (sumUp) await sumUpAll(pool, say);
    await compare(pool, [...new Set(passes.map(({ memberId }) => memberId))], say);
  } finally {
    await pool.end();
  }
}

/** The pod costs today what it always did. */
async function priceHistory(pool: pg.Pool, podId: string, now: Date) {
  await pool.query(
    `UPDATE pod_rates AS rate SET since = $2 WHERE pod_id = $1 AND until IS NULL AND since > $2
       AND NOT EXISTS (SELECT FROM pod_rates AS before WHERE before.pod_id = $1 AND before.until > $2)`,
    [podId, new Date(now.getTime() - DAYS * DAY_MS)],
  );
}

async function fill(pool: pg.Pool, { passes, podId, events, now, say }: Omit<SeedUsage, "databaseUrl" | "sumUp">) {
  const days = calendarOf(passes, now);
  const shares = shareOut(days, events);
  const seed = await freshSeed(pool);
  const replicaId = crypto.randomUUID();
  const facts = [
    passes.map(({ keyId }) => keyId),
    passes.map(({ secretId }) => secretId),
    passes.map(({ memberId }) => memberId),
    passes.map(({ plan }) => plan.rhythm),
    passes.map(({ plan }) => MODELS[plan.model] ?? MODELS[0]),
    passes.map(({ plan }) => MODELS[plan.model] === "bge-m3"),
  ];
  let done = 0;
  for (const [index, day] of days.entries()) {
    const count = shares[index] ?? 0;
    if (count === 0) continue;
    const { office, steady, night } = day.quarters;
    const where = [day.startsMs, day.passes, office, steady, night, ...facts, podId, day.failures, replicaId];
    await pool.query(SEED_DAY, [count, seed * 1_000 + index, ...where]);
    done += count;
    if (index % 10 === 9) say(`${done.toLocaleString("en")} of ${events.toLocaleString("en")} requests`);
  }
}

/** The first seed of a database is always the same; another on top draws anew, for ids must differ. */
async function freshSeed(pool: pg.Pool) {
  const { rows } = await pool.query<{ count: string }>(
    "SELECT count(DISTINCT replica_id) AS count FROM usage_events WHERE NOT EXISTS (SELECT FROM replicas WHERE id = replica_id)",
  );
  return 1 + Number(rows[0]?.count ?? 0);
}

async function markLastUse(pool: pg.Pool, passes: readonly Pass[]) {
  const { rows } = await pool.query<{ secret_id: string; at_ms: string }>(
    `SELECT secret_id, (extract(epoch FROM max(at)) * 1000)::bigint AS at_ms FROM usage_events
     WHERE key_id = ANY($1::uuid[]) GROUP BY secret_id`,
    [passes.map(({ keyId }) => keyId)],
  );
  await moveLastUsed(
    pool,
    rows.map((row) => ({ secretId: row.secret_id, atMs: Number(row.at_ms), ip: "203.0.113.40" })),
  );
  await pool.query(
    `UPDATE users SET last_active_at = used.at FROM (
       SELECT member_id, max(last_used_at) AS at FROM api_keys JOIN api_key_secrets ON api_key_id = api_keys.id
       WHERE api_keys.id = ANY($1::uuid[]) GROUP BY member_id) AS used
     WHERE users.id = member_id AND (last_active_at IS NULL OR last_active_at < used.at)`,
    [passes.map(({ keyId }) => keyId)],
  );
}

async function sumUpAll(pool: pg.Pool, say: (text: string) => void) {
  say("Hours are shared out and days summed up: this takes a minute at least.");
  await keepCosts(pool);
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  while (await areHoursOpen(pool)) await keepCosts(pool);
  await sumUpDays(pool);
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  while ((await sumUpDays(pool)) > 0);
}

async function areHoursOpen(pool: pg.Pool) {
  const { rowCount } = await pool.query("SELECT FROM cost_hours WHERE built_at IS NULL LIMIT 1");
  return rowCount !== 0;
}

async function compare(pool: pg.Pool, memberIds: readonly string[], say: (text: string) => void) {
  const { rows } = await pool.query<Sums>(COMPARE, [memberIds]);
  const [one, other] = rows.map(({ of: _, ...sums }) => JSON.stringify(sums));
  const days = await pool.query<{ wrong: string }>(WRONG_DAYS, [memberIds]);
  if (one !== other || Number(days.rows[0]?.wrong) !== 0) {
    throw new Error(`The sums differ from the events they were made from: ${JSON.stringify([rows, days.rows])}`);
  }
  say(`Events, rollups and days agree: ${one}`);
}
