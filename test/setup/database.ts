import { randomUUID } from "node:crypto";
import { fileURLToPath, pathToFileURL } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrateInOwnProcess, startTestPostgres } from "./postgres-server";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** A migrated, empty database of its own for this run, on a real PostgreSQL. Members are random, so suites share it. */
export default async function setup(project: TestProject) {
  const server = await startTestPostgres();
  const name = `podpass_test_${randomUUID().replaceAll("-", "")}`;
  await run(server.url, `CREATE DATABASE ${name}`);
  const databaseUrl = new URL(server.url);
  databaseUrl.pathname = `/${name}`;
  await migrateInOwnProcess(databaseUrl.href, pathToFileURL(fileURLToPath(new URL("../../", import.meta.url))));
  project.provide("databaseUrl", databaseUrl.href);

  return async () => {
    await run(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
    await server.stop();
  };
}

async function run(connectionString: string, sql: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
