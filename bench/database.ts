import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { prepareDataDir } from "../server/data-dir";
import { startEmbedded } from "../server/embedded-postgres";
import { migrateInOwnProcess } from "../server/migrations";

const LANDING_PATIENCE_MS = 20_000;

/** Requests that were answered in full, as rows tell it. `others` are rows of any other outcome. */
export type Rows = { completed: number; tokens: number; others: number };

export type Database = { url: string; rowsOf(keyId: string): Promise<Rows>; stop(): Promise<void> };

/** A migrated database for this run alone: on the PostgreSQL given, or on one of its own, durable as in production. */
export async function startDatabase(given: string | null, folder: string): Promise<Database> {
  const place = given === null ? await ownServer(folder) : await onServer(given);
  await migrateInOwnProcess(place.url);
  const pool = new pg.Pool({ connectionString: place.url, max: 1 });
  pool.on("error", () => undefined);
  return {
    url: place.url,
    async rowsOf(keyId) {
      const { rows } = await pool.query<Rows>(
        `SELECT count(*) FILTER (WHERE outcome = 'completed')::int AS completed,
                coalesce(sum(completion_tokens) FILTER (WHERE outcome = 'completed' AND token_source = 'measured'), 0)::float8 AS tokens,
                count(*) FILTER (WHERE outcome <> 'completed')::int AS others
         FROM usage_events WHERE key_id = $1`,
        [keyId],
      );
      return rows[0] ?? { completed: 0, tokens: 0, others: 0 };
    },
    async stop() {
      await pool.end();
      await place.stop();
    },
  };
}

async function ownServer(folder: string) {
  const server = await startEmbedded(prepareDataDir(join(folder, "postgres")), { connections: 60 });
  return { url: server.url, stop: () => server.stop("now") };
}

async function onServer(given: string) {
  const name = `podpass_bench_${randomUUID().replaceAll("-", "")}`;
  await run(given, `CREATE DATABASE ${name}`);
  const own = new URL(given);
  own.pathname = `/${name}`;
  return { url: own.href, stop: () => run(given, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function run(connectionString: string, sql: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** The rows once `expected` requests are in, or what there is when they don't come. Rows land in batches, a moment later. */
export async function landedRows(read: () => Promise<Rows>, expected: number): Promise<Rows> {
  const deadline = Date.now() + LANDING_PATIENCE_MS;
  for (;;) {
    const rows = await read();
    if (rows.completed >= expected || Date.now() > deadline) return rows;
    await sleep(100);
  }
}
