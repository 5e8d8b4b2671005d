import { type ChildProcess, type ForkOptions, fork, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

const END_PATIENCE_MS = 5_000;
const started = new Map<ChildProcess, NodeJS.Signals>();

/** Only what a program needs to run: nothing of the environment the benchmark was started in. */
export const PLAIN_ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  TMPDIR: process.env.TMPDIR,
  LANG: "C",
  TZ: "UTC",
  NODE_ENV: "production",
} as const satisfies NodeJS.ProcessEnv;

/** Starts a program that is ended at the end of the run, whatever happens before; one with children of its own by a signal it hears. */
export function startProgram(
  command: string,
  args: string[],
  options: SpawnOptions,
  lastSignal: NodeJS.Signals = "SIGKILL",
): ChildProcess {
  return kept(spawn(command, args, options), lastSignal);
}

/** Starts a Node program that talks over IPC, and ends with it. */
export function startNode(file: string, options: ForkOptions = {}, args: string[] = []): ChildProcess {
  return kept(fork(file, args, { execArgv: [], env: PLAIN_ENVIRONMENT, serialization: "advanced", ...options }));
}

/** Also for processes that something else has started. */
export function kept(child: ChildProcess, lastSignal: NodeJS.Signals = "SIGKILL"): ChildProcess {
  started.set(child, lastSignal);
  child.once("exit", () => started.delete(child));
  return child;
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** The next message of a child. Rejects if it ends before. */
export async function messageOf<T>(child: ChildProcess): Promise<T> {
  const aborted = new AbortController();
  try {
    return await Promise.race([
      once(child, "message", { signal: aborted.signal }).then(([message]) => message as T),
      once(child, "exit", { signal: aborted.signal }).then(([code]) => {
        throw new Error(`A process of the benchmark ended with ${code}: ${child.spawnargs.slice(1).join(" ")}`);
      }),
    ]);
  } finally {
    aborted.abort();
  }
}

/** Asks a child to end, insists after a while, and settles when it has. */
export async function end(child: ChildProcess, ask: () => void = () => child.kill("SIGTERM")): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  ask();
  const timer = setTimeout(() => child.kill("SIGKILL"), END_PATIENCE_MS);
  await ended;
  clearTimeout(timer);
}

/** For the very end, or an unforeseen one: nothing is left running. */
export function killAll() {
  for (const [child, signal] of started) child.kill(signal);
}
