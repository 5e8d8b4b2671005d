import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descendants } from "@/e2e/process-tree";
import { prepareDataDir } from "@/server/data-dir";
import { type EmbeddedPostgres, startEmbedded } from "@/server/embedded-postgres";
import { freePort } from "@/server/ports";
import { runningPostmaster } from "@/server/postgres-folder";
import { migrateInOwnProcess } from "@/test/setup/postgres-server";

/** A PostgreSQL of a test's own, migrated, that may be stopped and killed: nobody else uses it. The address stays. */
export async function startOwnPostgres() {
  const folder = prepareDataDir(await mkdtemp(join(tmpdir(), "podpass-own-postgres-")));
  const port = await freePort();
  const start = () => startEmbedded(folder, { connections: 100, port });
  let server: EmbeddedPostgres = await start();
  await migrateInOwnProcess(server.url, new URL("../../", import.meta.url));

  /** The server and everything it has started. */
  function processes() {
    const found = runningPostmaster(server.folder);
    return found === null ? [] : [found.pid, ...descendants(found.pid).map(({ pid }) => pid)];
  }
  const signal = (name: NodeJS.Signals) => {
    for (const pid of processes()) {
      try {
        process.kill(pid, name);
      } catch {
        // A connection's process that has ended meanwhile.
      }
    }
  };

  return {
    url: server.url,
    /** It answers nothing and closes nothing, until `goOn`. */
    stand: () => signal("SIGSTOP"),
    goOn: () => signal("SIGCONT"),
    /** As when the machine's memory is short: everything is gone at once, and recovers at the next start. */
    async kill() {
      signal("SIGKILL");
      await server.ended;
      await server.stop("now");
    },
    async restart() {
      server = await start();
    },
    async close() {
      signal("SIGCONT");
      await server.stop("now");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
