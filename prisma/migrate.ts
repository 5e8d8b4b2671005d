import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { missingMigrations, readMigrations } from "./migration-state";
import { migrationsList, NO_FILTERS, openSchemaEngine } from "./schema-engine";

/** The engine refuses to wait long for its lock: a replica that starts beside another tries again. */
const ATTEMPTS = 10;
const PAUSE_MS = 1_500;

/**
 * Brings the database to this version; a second run changes nothing. Safe to run from several replicas at once.
 * `root` is the repository's root as a URL that ends in a slash. Ends only with its process: the engine keeps its connection.
 */
export async function migrate(connectionString: string, root: URL): Promise<string[]> {
  const migrations = await readMigrations(new URL("prisma/migrations/", root));
  for (let attempt = 1; ; attempt += 1) {
    const missing = await missingMigrations(connectionString, migrations);
    if (missing.length === 0) return [];
    try {
      const engine = await openSchemaEngine(
        connectionString,
        await readFile(new URL("prisma/schema.prisma", root), "utf8"),
      );
      const applied = await engine.applyMigrations({ filters: NO_FILTERS, migrationsList: migrationsList(migrations) });
      return applied.appliedMigrationNames;
    } catch (error) {
      const isLockHeld = error instanceof Error && /timed out|timeout|advisory lock/i.test(error.message);
      if (!isLockHeld || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** `node dist/migrate.js`, with DATABASE_URL: prints the applied names as JSON. */
async function main() {
  // biome-ignore lint/style/noProcessEnv: a program of its own, run before the product's environment is complete
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error("DATABASE_URL is not set.");
  const applied = await migrate(url, new URL("../", import.meta.url));
  process.stdout.write(`${JSON.stringify({ applied })}\n`);
  process.exit(0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}
