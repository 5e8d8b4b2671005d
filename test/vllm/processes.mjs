import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set();
const elsewhere = [];

/** For what another program started: `end` is called at the end, before all else. */
export function startedElsewhere(end) {
  elsewhere.push(end);
}

/** Starts a command in a process group of its own, its output in `logFile`; it is ended as Ctrl-C does, the whole group at once. */
export function start(name, command, args, { env, cwd, logFile, stdio }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio });
  const log = createWriteStream(logFile);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const started = { name, child, logFile, exit: null };
  child.once("error", (error) => {
    started.exit = error.message;
  });
  child.once("exit", (code, signal) => {
    started.exit = signal ?? `code ${code}`;
  });
  running.add(started);
  return started;
}

/** Waits until `probe` resolves to something truthy. Throws when the process ends first or the time is up. */
export async function until(started, what, timeoutMs, probe) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe().catch(() => null);
    if (found) return found;
    if (started.exit) throw new Error(`${started.name} ended (${started.exit}) before ${what}; see ${started.logFile}`);
    if (performance.now() > deadline) throw new Error(`${started.name}: not ${what} after ${timeoutMs / 1000} s`);
    await sleep(200);
  }
}

function signalGroup({ child }, signal) {
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false; // the group is gone
  }
}

/** Ends a process and its group: asks, waits 20 s, then forces. */
async function stop(started) {
  running.delete(started);
  if (started.child.pid === undefined || !signalGroup(started, "SIGTERM")) return;
  const deadline = performance.now() + 20_000;
  while (signalGroup(started, 0) && performance.now() < deadline) await sleep(100);
  signalGroup(started, "SIGKILL");
}

/** Ends a process and its group as a machine that is switched off does. */
export function kill(started) {
  if (running.delete(started)) signalGroup(started, "SIGKILL");
}

/** Ends everything that was started, the newest first. */
export async function stopAll() {
  for (const end of elsewhere.splice(0)) await end();
  for (const started of [...running].reverse()) await stop(started);
}

/** A port of 127.0.0.1 that nobody listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
