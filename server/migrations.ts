import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "./child-environment";
import { StartError } from "./start-error";

/** Brings the database to this version in a process of its own: Prisma's engine holds its lock for as long as its process lives. */
export function migrateInOwnProcess(databaseUrl: string): Promise<string[]> {
  const program = fileURLToPath(new URL("../dist/migrate.js", import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program],
      { env: childEnvironment({ DATABASE_URL: databaseUrl }) },
      (error, stdout, stderr) => {
        if (error) reject(new StartError(`The database could not be brought to this version:\n${stderr.trim()}`));
        else resolve(JSON.parse(stdout).applied);
      },
    );
  });
}
