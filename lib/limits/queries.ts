import type pg from "pg";
import { AppError } from "@/lib/errors";
import { postgres } from "@/lib/postgres";
import type { Account } from "./ask";

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
    throw new AppError(
      "database_unavailable",
      "Podpass cannot tell right now how much of the month's budget is left.",
      {
        retryAfterSeconds: 5,
        cause,
      },
    );
  }
}

/** Gateway processes on this database that spoke up lately, this one included. */
export async function countReplicas(pool?: pg.Pool): Promise<number> {
  const text = `SELECT count(*)::int AS replicas FROM replicas
    WHERE stopped_at IS NULL AND heartbeat_at > now() - interval '30 seconds'`;
  const query = { name: "podpass_count_replicas", text, query_timeout: DEADLINE_MS };
  const { rows } = await (pool ?? postgres()).query<{ replicas: number }>(query);
  return rows[0]?.replicas ?? 1;
}
