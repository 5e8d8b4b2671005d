import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PLAIN_ENVIRONMENT } from "./child-environment";
import { canReach, OPEN_HOME, type Runner } from "./postgres-binaries";
import { identify, programOf } from "./process-identity";
import { StartError } from "./start-error";

const run = promisify(execFile);

export const DATABASE_USER = "podpass";

/**
 * Where the database's files lie: `postgres` in the data folder. When root keeps that folder where the database's own user
 * cannot reach it, they lie below /var/lib/podpass, and `postgres-folder` in the data folder says where.
 */
export function databaseFolder(dataDir: string, runner: Runner): string {
  const pointer = join(dataDir, "postgres-folder");
  if (existsSync(pointer)) return readFileSync(pointer, "utf8").trim();
  const usual = join(dataDir, "postgres");
  if (canReach(runner, dataDir)) return usual;
  if (existsSync(usual)) {
    throw new StartError(
      `The database's own user can no longer reach ${usual}: a folder above it was closed to others.`,
    );
  }
  const elsewhere = join(OPEN_HOME, `data-${randomBytes(6).toString("hex")}`, "postgres");
  mkdirSync(dirname(elsewhere), { recursive: true, mode: 0o711 });
  for (const folder of [OPEN_HOME, dirname(elsewhere)]) chmodSync(folder, 0o711);
  writeFileSync(pointer, `${elsewhere}\n`);
  return elsewhere;
}

/** True once a database has been made in `folder`. */
export function hasDatabase(folder: string) {
  try {
    return readdirSync(folder).includes("PG_VERSION");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EACCES") {
      throw new StartError(`${folder} belongs to another user. Start Podpass as the one who started it first.`);
    }
    return false;
  }
}

/** Makes a new database in a draft folder and moves it into place whole: a kill in between leaves nothing half-made. */
export async function makeDatabase(binaries: string, folder: string, runner: Runner, password: string) {
  const home = dirname(folder);
  for (const name of readdirSync(home)) {
    if (name.startsWith("postgres.draft-")) rmSync(join(home, name), { recursive: true, force: true });
  }
  const draft = join(home, `postgres.draft-${process.pid}`);
  const passwordFile = `${draft}.password`;
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (runner !== null) for (const path of [draft, passwordFile]) chownSync(path, runner.uid, runner.gid);
    await run(
      join(binaries, "bin/initdb"),
      [
        `--pgdata=${draft}`,
        `--username=${DATABASE_USER}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        // The same order of text on every machine, whatever locales it has.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
      ],
      { cwd: "/", env: PLAIN_ENVIRONMENT, ...(runner ?? {}) },
    );
    renameSync(draft, folder);
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new StartError(`The embedded PostgreSQL could not be set up in ${folder}:\n${words}`);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

export type Postmaster = { pid: number; port: number };

/** The server that runs on `folder` now, or null. */
export function runningPostmaster(folder: string): Postmaster | null {
  let lines: string[];
  try {
    lines = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return null;
  }
  const found = { pid: Number(lines[0]), port: Number(lines[3]) };
  return found.pid > 0 && isPostmasterOf(folder, found.pid) ? found : null;
}

/** The id alone is not proof: after a crash another program may carry it, in a container most likely. */
function isPostmasterOf(folder: string, pid: number) {
  if (identify(pid) === null) return false;
  if (process.platform !== "linux") return true;
  if (programOf(pid) !== "postgres") return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return true;
  }
}
