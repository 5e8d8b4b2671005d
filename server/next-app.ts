import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { StandingsTold, StandingsWanted } from "@/lib/limits/standings-line";
import { log } from "@/lib/log";
import { answersOn, freePort } from "./ports";
import { StartError } from "./start-error";

const POLL_MS = 25;
const READY_PATIENCE_MS = 60_000;
const BACKOFF_MS = [100, 500, 2_000, 5_000, 10_000];
/** A run this long counts as a good one: the next restart is quick again. */
const GOOD_RUN_MS = 60_000;
const FIRST_ATTEMPTS = 3;
const END_PATIENCE_MS = 5_000;

export type NextApp = { stop(isUrgent: boolean): Promise<void> };

type Options = {
  root: string;
  environment: NodeJS.ProcessEnv;
  /** The port it listens on from now, or null from the moment it does not. */
  onPort: (port: number | null) => void;
  /** Its pages ask how limits stand. */
  onStandingsWanted: (wanted: StandingsWanted, reply: (told: StandingsTold) => void) => void;
};

const bundle = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));

/** The folder that the build put Next's output in. */
export function nextOutput(root: string): string {
  const stamp = join(root, "dist/next.hash");
  const folder = existsSync(stamp) ? join(root, "dist/next", readFileSync(stamp, "utf8").slice(0, 16)) : null;
  if (folder === null || !existsSync(join(folder, "server.js"))) {
    throw new StartError("The dashboard has not been built. Run: npm run build");
  }
  return folder;
}

/** Runs the dashboard in a process of its own and starts it again whenever it ends. Settles when it listens for the first time. */
export async function startNext({ root, environment, onPort, onStandingsWanted }: Options): Promise<NextApp> {
  const folder = nextOutput(root);
  let current: ChildProcess | null = null;
  let isStopping = false;

  function launch(port: number) {
    return fork(join(folder, "server.js"), {
      cwd: folder,
      env: { ...environment, PORT: String(port), HOSTNAME: "127.0.0.1", KEEP_ALIVE_TIMEOUT: "90000" },
      execArgv: ["end-with-parent", "step-back"].flatMap((name) => ["--import", bundle(name)]),
      // Its greeting is not ours; what goes wrong is written to standard error.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      detached: true,
    });
  }

  async function keepRunning(onFirstUp: () => void, onHopeless: () => void) {
    let failures = 0;
    let wasUp = false;
    while (!isStopping) {
      const startedAt = Date.now();
      const port = await freePort();
      const child = launch(port);
      current = child;
      child.on("message", (message: { type?: string }) => {
        if (!isStandingsWanted(message)) return;
        onStandingsWanted(message, (told) => void (child.connected && child.send(told)));
      });
      const ended = untilEnded(child);
      if (await untilAnswers(port, child)) {
        wasUp = true;
        onPort(port);
        onFirstUp();
      } else {
        child.kill("SIGKILL");
      }
      await ended;
      onPort(null);
      if (isStopping) return;
      failures = Date.now() - startedAt > GOOD_RUN_MS ? 1 : failures + 1;
      if (!wasUp && failures === FIRST_ATTEMPTS) return onHopeless();
      log.error({ code: child.exitCode, signal: child.signalCode }, "the dashboard's process ended; starting it again");
      await sleep(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1], undefined, { ref: false });
    }
  }

  await new Promise<void>((resolve, reject) => {
    const onHopeless = () => reject(new StartError("The dashboard's process does not start. What it says is above."));
    keepRunning(resolve, onHopeless).catch(reject);
  });

  return {
    async stop(isUrgent) {
      isStopping = true;
      const child = current;
      if (child === null || !isAlive(child)) return;
      const ended = untilEnded(child);
      child.kill(isUrgent ? "SIGKILL" : "SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), END_PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Next has messages of its own. */
function isStandingsWanted(message: { type?: string }): message is StandingsWanted {
  return message?.type === "standings-wanted";
}

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

const untilEnded = (child: ChildProcess) => new Promise<void>((resolve) => child.once("exit", () => resolve()));

async function untilAnswers(port: number, child: ChildProcess) {
  const deadline = Date.now() + READY_PATIENCE_MS;
  while (isAlive(child) && Date.now() < deadline) {
    if (await answersOn(port)) return isAlive(child);
    await sleep(POLL_MS);
  }
  return false;
}
