import { randomUUID } from "node:crypto";
import pg from "pg";
import { migrateInOwnProcess } from "./postgres-server";

/**
 * A migrated database for one test file whose subject is the whole installation, where the shared one would show other
 * files' rows. Call it before the first import of what reads the environment.
 */
export async function moveToOwnDatabase(): Promise<{ drop: () => Promise<void> }> {
  const shared = process.env.DATABASE_URL;
  if (!shared) throw new Error("only in tests of the project db");
  const name = `podpass_own_${randomUUID().replaceAll("-", "")}`;
  await run(shared, `CREATE DATABASE ${name}`);
  const own = new URL(shared);
  own.pathname = `/${name}`;
  await migrateInOwnProcess(own.href, new URL("../../", import.meta.url));
  process.env.DATABASE_URL = own.href;
  return { drop: () => run(shared, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function run(connectionString: string, sql: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
