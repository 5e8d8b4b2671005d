import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Env } from "@/lib/env";
import { type Backends, startBackends } from "./backends";
import { requireAll, requireDatabase, requireFreePort } from "./checks";
import { prepareDataDir } from "./data-dir";
import { greetingOf } from "./greeting";
import { holdDataDir } from "./hold-data-dir";
import { watchLauncher } from "./launcher-watch";
import type { Lock } from "./lock";
import { onStopSignals } from "./stop-signals";

const nextProgram = fileURLToPath(new URL("../node_modules/next/dist/bin/next", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs Next's development server over the same backends as production; the API is answered by Next's route handlers. */
export async function runDev(env: Env, isUnderNpm: boolean) {
  const parts: { lock: Lock | null; backends: Backends | null; next: ChildProcess | null } = {
    lock: null,
    backends: null,
    next: null,
  };
  const end = async (code: number) => {
    parts.next?.kill("SIGTERM");
    await parts.backends?.stop("fast");
    parts.lock?.release();
    process.exit(code);
  };
  const signals = onStopSignals({ onFirst: () => void end(0), onSecond: () => process.exit(130) });
  watchLauncher(isUnderNpm, signals.first);
  try {
    const dataDir = prepareDataDir(env.PODPASS_DATA_DIR);
    parts.lock = await holdDataDir(dataDir, env.PUBLIC_URL);
    await requireAll([
      requireFreePort(env.HOST, env.PORT),
      env.DATABASE_URL === undefined ? Promise.resolve() : requireDatabase(env.DATABASE_URL),
    ]);
    const backends = await startBackends(env, dataDir);
    parts.backends = backends;
    process.stdout.write(greetingOf({ ...backends, publicUrl: env.PUBLIC_URL, dataDir }));
    parts.next = spawn(process.execPath, [nextProgram, "dev", "--port", String(env.PORT), "--hostname", env.HOST], {
      cwd: root,
      env: { ...backends.environment, NODE_ENV: "development" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    parts.next.once("exit", (code) => {
      if (!signals.isStopping()) void end(code ?? 1);
    });
  } catch (error) {
    if (signals.isStopping()) return;
    await parts.backends?.stop("fast");
    parts.lock?.release();
    throw error;
  }
}
