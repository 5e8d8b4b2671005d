import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareDataDir } from "../../server/data-dir";
import { startEmbedded } from "../../server/embedded-postgres";

/** A real PostgreSQL for tests: the one at PODPASS_TEST_DATABASE_URL, or one of our own on a free port. */
export async function startTestPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env.PODPASS_TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => undefined };
  const folder = prepareDataDir(await mkdtemp(join(tmpdir(), "podpass-test-")));
  const server = await startEmbedded(folder, { connections: 200, isDurable: false });
  const stop = async () => {
    await server.stop("now");
    await rm(folder, { recursive: true, force: true });
  };
  return { url: server.url, stop };
}

/** Runs the migrations as the product does, in a process that ends: the engine holds its lock while it lives. */
export function migrateInOwnProcess(databaseUrl: string, root: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", "prisma/migrate.ts"], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`migrations ended with ${code}`))));
  });
}
