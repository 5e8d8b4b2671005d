import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { generatedSecret, prepareDataDir } from "./data-dir";
import { type Lock, type LockHolder, tryLock } from "./lock";
import { migrateInOwnProcess } from "./migrations";
import { freePort } from "./ports";
import { databaseRunner, reachableBinaries } from "./postgres-binaries";
import { DATABASE_USER, databaseFolder, hasDatabase, makeDatabase, runningPostmaster } from "./postgres-folder";
import { type GuardedServer, lastLines, type Manner, startGuarded } from "./postgres-guard";
import { StartError } from "./start-error";

const DATABASE = "podpass";
const POLL_MS = 30;
/** Recovery after a crash may read much of the log; a start without one takes a tenth of a second. */
const START_PATIENCE_MS = 120_000;
const OTHERS_PATIENCE_MS = 60_000;
/** A server whose starter was killed ends within a second or two; one that hangs is told again. */
const ORPHAN_PATIENCE_MS = 15_000;
/** An orderly end writes a checkpoint; after this it is told to drop everything, and recovers at the next start. */
const STOP_PATIENCE_MS = 20_000;

/** `folder` is where its files lie. */
export type EmbeddedPostgres = {
  url: string;
  folder: string;
  ended: Promise<void>;
  stop(manner: Manner): Promise<void>;
};

/** Two are for tests alone: `isDurable: false`, with which a power cut may cost the whole database, and a `port` chosen beforehand. */
type HostOptions = { connections: number; isDurable?: boolean; port?: number };

/** Starts the database of a data folder, making it first if there is none. It ends when this process ends, however it ends. */
export async function startEmbedded(dataDir: string, options: HostOptions): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + OTHERS_PATIENCE_MS;
  for (;;) {
    const taken = tryLock(hostLock(dataDir), "database");
    if ("lock" in taken) return host(dataDir, taken.lock, options);
    if (Date.now() > deadline) throw stillInUse(taken.holder);
    await sleep(POLL_MS);
  }
}

/**
 * The database of a data folder, for a program beside the running Podpass: its server if one runs, else one started for as
 * long as this program needs it, migrated. `stop` leaves a server of somebody else alone.
 */
export async function connectToEmbedded(dataDir: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = prepareDataDir(dataDir);
  const deadline = Date.now() + OTHERS_PATIENCE_MS;
  for (;;) {
    const taken = tryLock(hostLock(folder), "database");
    if ("lock" in taken) {
      const { url, stop } = await host(folder, taken.lock, { connections: 50 });
      await migrateInOwnProcess(url);
      return { url, stop: () => stop("patient") };
    }
    const url = await urlOfRunning(folder);
    if (url !== null) return { url, stop: async () => undefined };
    if (Date.now() > deadline) throw stillInUse(taken.holder);
    await sleep(POLL_MS);
  }
}

const hostLock = (dataDir: string) => join(dataDir, "postgres.lock");

const passwordOf = (dataDir: string) =>
  generatedSecret(join(dataDir, "postgres-password"), () => randomBytes(24).toString("base64url"));

const urlOf = (password: string, port: number, database: string) =>
  `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/${database}`;

function stillInUse(holder: LockHolder) {
  return new StartError(`The embedded database is in use by process ${holder.pid}, which does not let go of it.`);
}

async function host(dataDir: string, lock: Lock, options: HostOptions): Promise<EmbeddedPostgres> {
  try {
    const runner = databaseRunner();
    const binaries = reachableBinaries(runner);
    const folder = databaseFolder(dataDir, runner);
    const password = passwordOf(dataDir);
    if (!hasDatabase(folder)) await makeDatabase(binaries, folder, runner, password);
    await outlastOrphan(folder);
    const port = options.port ?? (await freePort());
    const logFile = join(dataDir, "postgres.log");
    const server = startGuarded(serverCommand(binaries, folder, port, options), runner, logFile);
    try {
      await createDatabase(server, urlOf(password, port, "postgres"));
    } catch (error) {
      server.end("fast");
      await server.ended;
      const words = error instanceof Error ? error.message : String(error);
      throw new StartError(`The embedded PostgreSQL did not start: ${words}\n${lastLines(logFile)}`.trim());
    }
    const stop = async (manner: Manner) => {
      server.end(manner);
      // A patient end may take as long as somebody else's session does; nobody should wait for that.
      const waited = Promise.race([
        server.ended,
        sleep(manner === "patient" ? 3_000 : STOP_PATIENCE_MS, "late", { ref: false }),
      ]);
      if ((await waited) === "late" && manner !== "patient") {
        const found = runningPostmaster(folder);
        if (found !== null) process.kill(found.pid, "SIGQUIT");
      }
      server.letGo();
      lock.release();
    };
    return { url: urlOf(password, port, DATABASE), folder, ended: server.ended, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function serverCommand(binaries: string, folder: string, port: number, { connections, isDurable = true }: HostOptions) {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    cluster_name: "podpass",
    max_connections: connections,
    fsync: isDurable ? "on" : "off",
    shared_buffers: "64MB",
    max_wal_size: "512MB",
    wal_level: "minimal",
    max_wal_senders: 0,
    io_method: "sync",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_messages: "warning",
    // A failing statement's text could carry what people typed.
    log_min_error_statement: "panic",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return [join(binaries, "bin/postgres"), "-D", folder, ...flags];
}

/** Waits until the server of a Podpass that was killed has ended; it ends by itself, because its guard saw the end. */
async function outlastOrphan(folder: string) {
  const deadline = Date.now() + ORPHAN_PATIENCE_MS;
  let isTold = false;
  for (let found = runningPostmaster(folder); found !== null; found = runningPostmaster(folder)) {
    if (Date.now() > deadline && !isTold) {
      process.kill(found.pid, "SIGINT");
      isTold = true;
    }
    if (Date.now() > deadline + ORPHAN_PATIENCE_MS) {
      throw new StartError(
        `A PostgreSQL from an earlier run (process ${found.pid}) still uses ${folder}. End it first.`,
      );
    }
    await sleep(POLL_MS);
  }
  // Its id may belong to another program by now, which PostgreSQL would take for a living server.
  rmSync(join(folder, "postmaster.pid"), { force: true });
}

/** Settles once the server takes connections and holds our database. */
async function createDatabase(server: GuardedServer, url: string) {
  const deadline = Date.now() + START_PATIENCE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
      return;
    } catch (error) {
      const isRefused =
        error instanceof Error && "code" in error && ["ECONNREFUSED", "57P03"].includes(String(error.code));
      if (!isRefused || server.hasEnded() || Date.now() > deadline) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(POLL_MS);
  }
}

async function urlOfRunning(dataDir: string): Promise<string | null> {
  const found = runningPostmaster(databaseFolder(dataDir, databaseRunner()));
  if (found === null) return null;
  const url = urlOf(passwordOf(dataDir), found.port, DATABASE);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    // A server that is being set up answers before it has been migrated.
    const { rows } = await client.query<{ done: boolean }>(
      "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS done",
    );
    return rows[0]?.done ? url : null;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}
