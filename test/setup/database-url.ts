import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";

// Each test file has a database of its own, copied from the migrated one: what is said about the whole installation
// ("the last owner", sums of a day) can't be disturbed by a file that runs at the same time.
const template = new URL(inject("databaseUrl"));
const name = `${template.pathname.slice(1)}_${randomUUID().slice(0, 8)}`;
await run(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`);
const own = new URL(template);
own.pathname = `/${name}`;
process.env.DATABASE_URL = own.href;
process.env.PODPASS_SECRET ??= "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210";

afterAll(() => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));

/** On the server's maintenance database: a template may have no other connections. */
async function run(sql: string) {
  const maintenance = new URL(template);
  maintenance.pathname = "/postgres";
  const client = new pg.Client({ connectionString: maintenance.href });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
