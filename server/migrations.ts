import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { missingMigrations, readMigrations } from "../prisma/migration-state";
import { childEnvironment } from "./child-environment";
import { StartError } from "./start-error";

const migrationsFolder = new URL("../prisma/migrations/", import.meta.url);
const program = fileURLToPath(new URL("../dist/migrate.js", import.meta.url));

/**
 * Brings the database to this version. What is missing is applied in a process of its own, because Prisma's engine holds its
 * lock for as long as its process lives; mostly nothing is, and then one query is all.
 */
export async function migrateInOwnProcess(databaseUrl: string): Promise<void> {
  const missing = await missingMigrations(databaseUrl, await readMigrations(migrationsFolder)).catch(refuse);
  if (missing.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    execFile(
      process.execPath,
      [program],
      { env: childEnvironment({ DATABASE_URL: databaseUrl }) },
      (error, _, stderr) => {
        if (error) reject(new StartError(`The database could not be brought to this version:\n${stderr.trim()}`));
        else resolve();
      },
    );
  });
}

function refuse(error: unknown): never {
  const words = error instanceof Error ? error.message : String(error);
  throw new StartError(`The database's migrations cannot be read: ${words}`);
}
