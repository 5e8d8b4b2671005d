import pg from "pg";
import { env } from "./env";
import { AppError } from "./errors";

/** Counts come back as numbers: sums beyond 2^53 tokens are not a thing one pod can make. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

type Patience = { connectMs: number; queryMs: number };

/** A database that hangs is worse than one that refuses: every query has a deadline. */
const OF_SERVERS: Patience = { connectMs: 3_000, queryMs: 10_000 };
/** On a machine under load a connection alone may take seconds, and whoever typed a command would only type it again. */
const OF_PEOPLE: Patience = { connectMs: 30_000, queryMs: 120_000 };

function makePool() {
  if (env.DATABASE_URL === undefined) throw new AppError("database_unavailable", "DATABASE_URL is not set.");
  const { connectMs, queryMs } = postgresPatience();
  const deadline = { connectionTimeoutMillis: connectMs, query_timeout: queryMs, statement_timeout: queryMs };
  const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 10, keepAlive: true, ...deadline });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on("error", () => undefined);
  return pool;
}

// Next bundles instrumentation, pages and routes apart: one pool for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassPool?: pg.Pool; podpassPatience?: Patience };

/** How long this process waits for the database. */
export function postgresPatience(): Patience {
  return shared.podpassPatience ?? OF_SERVERS;
}

/** Has this process wait for the database as long as a person does. To be called before the pool's first use. */
export function waitAsPeopleDo() {
  shared.podpassPatience = OF_PEOPLE;
}

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
