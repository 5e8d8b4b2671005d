import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { missingMigrations, readMigrations } from "@/prisma/migration-state";
import { requireDatabase } from "@/server/checks";
import { generatedRootSecret, prepareDataDir } from "@/server/data-dir";
import { connectToEmbedded } from "@/server/embedded-postgres";
import { migrateInOwnProcess } from "@/server/migrations";
import { StartError } from "@/server/start-error";

export type Connected = { databaseUrl: string; missing: string[]; end: () => Promise<void> };

/**
 * Completes the environment as the server does for its own processes: the database of DATABASE_URL, or the embedded one, started if it
 * does not run; the generated root secret where none is set. To be called before anything is loaded that reads `lib/env`.
 * A database that was never set up is migrated; `missing` names what one of another version lacks.
 */
export async function completeEnvironment(): Promise<Connected> {
  // biome-ignore lint/style/noProcessEnv: this is where the environment of a command is made; lib/env reads it afterwards
  const environment = process.env;
  environment.LOG_LEVEL ||= "silent";
  const dataDir = environment.PODPASS_DATA_DIR || "./data";
  const given = environment.DATABASE_URL || null;
  const database = given === null ? await connectToEmbedded(dataDir) : { url: given, stop: async () => undefined };
  if (given !== null) await requireDatabase(given);
  environment.DATABASE_URL = database.url;

  const end = async () => {
    await closeConnections();
    await database.stop();
  };
  try {
    const { missing, isNew } = await migrationsOf(database.url);
    // Beside a database that holds keys already, a new secret would be the wrong one.
    const isSecretHere = given === null || isNew || existsSync(join(resolve(dataDir), "secret"));
    if (!environment.PODPASS_SECRET && isSecretHere) {
      environment.PODPASS_SECRET = generatedRootSecret(prepareDataDir(dataDir));
    }
    (await connections())?.waitAsPeopleDo();
    return { databaseUrl: database.url, missing, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Throws where the database is of an older version than this program. */
export function requireMigrated({ missing }: Connected) {
  if (missing.length === 0) return;
  const count = missing.length === 1 ? "1 migration" : `${missing.length} migrations`;
  throw new StartError(`The database lacks ${count} of this version. Start Podpass once: it applies them.`);
}

async function migrationsOf(databaseUrl: string) {
  const migrations = await readMigrations(new URL("../prisma/migrations/", import.meta.url));
  const missing = await missingMigrations(databaseUrl, migrations);
  if (missing.length < migrations.length) return { missing, isNew: false };
  await migrateInOwnProcess(databaseUrl);
  return { missing: [], isNew: true };
}

/** An embedded database that was started for this command ends only after its last connection. */
async function closeConnections() {
  await (await connections())?.closePostgres();
}

/** The pool of the command's queries; null where the environment is refused, and there never is a connection. */
function connections() {
  // biome-ignore lint/style/noRestrictedImports: no query, only how long is waited for the pool's connections, and their end
  return import("@/lib/postgres").catch(() => null);
}
