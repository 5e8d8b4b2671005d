import pg from "pg";
import { env } from "./env";
import { AppError } from "./errors";

/** Counts come back as numbers: sums beyond 2^53 tokens are not a thing one pod can make. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A database that hangs is worse than one that refuses: every query has a deadline. */
const DEADLINE = { connectionTimeoutMillis: 3_000, query_timeout: 10_000, statement_timeout: 10_000 };

function makePool() {
  if (env.DATABASE_URL === undefined) throw new AppError("database_unavailable", "DATABASE_URL is not set.");
  const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 10, keepAlive: true, ...DEADLINE });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on("error", () => undefined);
  return pool;
}

// Next bundles instrumentation, pages and routes apart: one pool for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassPool?: pg.Pool };

/** The process's one connection pool, made at first use. */
export function postgres(): pg.Pool {
  shared.podpassPool ??= makePool();
  return shared.podpassPool;
}

/** Closes the pool; the next use makes a new one. */
export async function closePostgres() {
  const pool = shared.podpassPool;
  shared.podpassPool = undefined;
  await pool?.end();
}
