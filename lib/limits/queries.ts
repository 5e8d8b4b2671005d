import type pg from "pg";
import { AppError } from "@/lib/errors";
import { postgres } from "@/lib/postgres";
import { refreshCosts } from "../costs/mutations";
import type { Account, Spent } from "./ask";
import type { LimitsTrouble } from "./standing";

const DEADLINE_MS = 3_000;
const COLUMN = { key: "key_id", member: "member_id" } as const;

/** The tokens that a key, or all keys of a member, used in a calendar month (UTC, like `2026-11`), as far as the database knows. */
export async function tokensOfMonth({ kind, id }: Account, month: string, pool?: pg.Pool): Promise<number> {
  const text = `SELECT coalesce(sum(prompt_tokens + completion_tokens), 0)::float8 AS spent FROM usage_rollups
    WHERE ${COLUMN[kind]} = $1 AND bucket_at >= $2::timestamptz AND bucket_at < $2::timestamptz + interval '1 month'`;
  const query = {
    name: `podpass_month_${kind}`,
    text,
    values: [id, `${month}-01T00:00:00Z`],
    query_timeout: DEADLINE_MS,
  };
  try {
    const { rows } = await (pool ?? postgres()).query<{ spent: number }>(query);
    return rows[0]?.spent ?? 0;
  } catch (cause) {
    throw budgetUnknown(cause);
  }
}

/** Shares of the running hour that are older than this are made anew before anybody is let in by them. */
const FRESH_MS = 45_000;

type Money = { spent: number; ageMs: number | null; microUsdPerToken: number };

/**
 * What a key, or all keys of a member, used in a calendar month (UTC): tokens and money, as far as the account is limited in
 * them. Throws `database_unavailable` where nobody can say, also where the pods' hours are not shared out any more.
 */
export async function spentInMonth(
  account: Account,
  month: string,
  pool?: pg.Pool,
): Promise<Spent & { microUsdPerToken: number }> {
  const [tokens, money] = await Promise.all([
    account.limits.monthlyTokens === null ? null : tokensOfMonth(account, month, pool),
    account.limits.monthlyMicroUsd === null ? null : freshMoneyOfMonth(account, month, pool),
  ]);
  return { tokens, microUsd: money?.spent ?? null, microUsdPerToken: money?.microUsdPerToken ?? 0 };
}

/** The micro-dollars that a key, or all keys of a member, were charged in a calendar month (UTC), as they are shared out now. */
export async function moneyOfMonth(account: Account, month: string): Promise<number> {
  return (await readMoney(account, month))?.spent ?? 0;
}

async function freshMoneyOfMonth(account: Account, month: string, pool?: pg.Pool): Promise<Money> {
  const isFresh = (money: Money | undefined): money is Money => (money?.ageMs ?? Infinity) < FRESH_MS;
  try {
    let money = await readMoney(account, month, pool);
    if (!isFresh(money) && (await refreshCosts(pool))) money = await readMoney(account, month, pool);
    if (isFresh(money)) return money;
  } catch (cause) {
    throw budgetUnknown(cause);
  }
  throw budgetUnknown();
}

async function readMoney({ kind, id }: Account, month: string, pool?: pg.Pool) {
  const text = `SELECT refreshed.micro_usd_per_token AS "microUsdPerToken",
      (extract(epoch FROM now() - refreshed.refreshed_at) * 1000)::float8 AS "ageMs",
      (SELECT coalesce(sum(gpu_micro_usd), 0)::float8 FROM usage_costs WHERE ${COLUMN[kind]} = $1
         AND hour_at >= $2::timestamptz AND hour_at < $2::timestamptz + interval '1 month') AS spent
    FROM cost_refreshes AS refreshed WHERE id = 1`;
  const values = [id, `${month}-01T00:00:00Z`];
  const query = { name: `podpass_money_${kind}`, text, values, query_timeout: DEADLINE_MS };
  return (await (pool ?? postgres()).query<Money>(query)).rows[0];
}

function budgetUnknown(cause?: unknown) {
  return new AppError("database_unavailable", "Podpass cannot tell right now how much of the month's budget is left.", {
    retryAfterSeconds: 5,
    cause,
  });
}

/** Gateway processes on this database that spoke up lately, this one included. */
export async function countReplicas(pool?: pg.Pool): Promise<number> {
  const text = `SELECT count(*)::int AS replicas FROM replicas
    WHERE stopped_at IS NULL AND heartbeat_at > now() - interval '30 seconds'`;
  const query = { name: "podpass_count_replicas", text, query_timeout: DEADLINE_MS };
  const { rows } = await (pool ?? postgres()).query<{ replicas: number }>(query);
  return rows[0]?.replicas ?? 1;
}

/** What is wrong with limits anywhere at this moment, by the replicas' own word. */
export async function readLimitsTroubles(): Promise<LimitsTrouble[]> {
  const { rows } = await postgres().query<{ trouble: LimitsTrouble }>(
    `SELECT DISTINCT limits_trouble AS trouble FROM replicas
     WHERE stopped_at IS NULL AND heartbeat_at > now() - interval '30 seconds' AND limits_trouble IS NOT NULL ORDER BY 1`,
  );
  return rows.map(({ trouble }) => trouble);
}
