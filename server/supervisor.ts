import { fileURLToPath } from "node:url";
import type { Env } from "@/lib/env";
import { log } from "@/lib/log";
import { type Backends, startBackends } from "./backends";
import { requireAll, requireDatabase, requireFreePort } from "./checks";
import { prepareDataDir } from "./data-dir";
import { type GatewayWorkers, startGatewayWorkers } from "./gateway-workers";
import { greetingOf } from "./greeting";
import { holdDataDir } from "./hold-data-dir";
import { watchLauncher } from "./launcher-watch";
import type { Lock } from "./lock";
import { type NextApp, nextOutput, startNext } from "./next-app";
import { onStopSignals } from "./stop-signals";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What runs, in the order in which it was started; a part that is not there yet is null. */
type Parts = { lock: Lock | null; backends: Backends | null; workers: GatewayWorkers | null; next: NextApp | null };

/** Runs Podpass until a signal ends it. Throws a StartError when it cannot start, with nothing left running. */
export async function runSupervisor(env: Env, isUnderNpm: boolean) {
  const parts: Parts = { lock: null, backends: null, workers: null, next: null };
  const signals = onStopSignals({
    onFirst: () => void stopGently(parts, env),
    onSecond: () => void stopAtOnce(parts, 130),
  });
  watchLauncher(isUnderNpm, signals.first);
  try {
    await startParts(parts, env);
  } catch (error) {
    // Somebody who presses Ctrl-C during the start does not want to read what it broke.
    if (signals.isStopping()) return;
    await endParts(parts);
    throw error;
  }
}

async function startParts(parts: Parts, env: Env) {
  nextOutput(root);
  const dataDir = prepareDataDir(env.PODPASS_DATA_DIR);
  parts.lock = await holdDataDir(dataDir, env.PUBLIC_URL);
  await requireAll([
    requireFreePort(env.HOST, env.PORT),
    env.DATABASE_URL === undefined ? Promise.resolve() : requireDatabase(env.DATABASE_URL),
  ]);
  let nextPort: number | null = null;
  const whereNextIs = () => ({ type: "next", port: nextPort }) as const;
  const onPort = (port: number | null) => {
    nextPort = port;
    parts.workers?.send(whereNextIs());
  };

  // The dashboard loads while the database is made ready: nobody can ask it anything before the gateway listens.
  let startingNext: Promise<void> | undefined;
  const backends = await startBackends(env, dataDir, (environment) => {
    startingNext = startNext({
      root,
      environment,
      onPort,
      onStandingsWanted: (wanted, reply) => parts.workers?.askStandings(wanted, reply),
    }).then((next) => {
      parts.next = next;
    });
    startingNext.catch(() => undefined);
  });
  parts.backends = backends;
  parts.workers = await startGatewayWorkers(env.WEB_CONCURRENCY, backends.environment, whereNextIs);
  await startingNext;
  parts.workers.send(whereNextIs());

  void backends.databaseEnded.then(() => {
    if (parts.backends === null) return;
    log.fatal("the embedded database ended unexpectedly; its words are in postgres.log");
    void stopAtOnce(parts, 1);
  });
  process.stdout.write(
    greetingOf({
      publicUrl: env.PUBLIC_URL,
      dataDir,
      databaseFolder: backends.databaseFolder,
      isPodSimulated: backends.isPodSimulated,
      setupCode: backends.setupCode,
    }),
  );
}

/** Not ready, no new work, streams finish up to the limit, what happened is written down; then everything ends. */
async function stopGently(parts: Parts, env: Env) {
  parts.lock?.markStopping();
  await parts.workers?.drain(env.PODPASS_DRAIN_SECONDS * 1_000);
  // A second signal has killed the workers, which ends their drain as well: the end, and its code, are no longer ours.
  if (endsAtOnce) return;
  await endParts(parts);
  if (!endsAtOnce) process.exit(0);
}

async function endParts(parts: Parts) {
  const { lock, backends, workers, next } = parts;
  parts.backends = null;
  await Promise.all([workers?.kill(), next?.stop(false)]);
  await backends?.stop("fast");
  lock?.release();
}

let endsAtOnce = false;

async function stopAtOnce({ lock, backends, workers, next }: Parts, code: number) {
  endsAtOnce = true;
  setTimeout(() => process.exit(code), 3_000);
  await Promise.all([workers?.kill(), next?.stop(true)]);
  await backends?.stop("now");
  lock?.release();
  process.exit(code);
}
