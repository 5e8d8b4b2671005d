import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

export type Migration = { name: string; sql: string };

/** All migrations of this version, oldest first. `folder` ends in a slash. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(new URL(`${name}/migration.sql`, folder), "utf8") })),
  );
}

/** Names of the migrations the database lacks. Cheap: one query, no engine. Throws what PostgreSQL says when it can't be reached. */
export async function missingMigrations(connectionString: string, migrations: Migration[]): Promise<string[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 15_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ done: boolean }>(
      "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS done",
    );
    if (!rows[0]?.done) return migrations.map(({ name }) => name);
    const applied = await client.query<{ migration_name: string }>(
      "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
    );
    const names = new Set(applied.rows.map((row) => row.migration_name));
    return migrations.map(({ name }) => name).filter((name) => !names.has(name));
  } finally {
    await client.end();
  }
}
