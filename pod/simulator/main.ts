import { fstatSync } from "node:fs";
import { parseOptions } from "./options";
import { startSimulator } from "./simulator";

/** Runs the simulated pod as a process: one JSON line when it is ready, and no life longer than its parent's. */
async function main() {
  // biome-ignore lint/style/noProcessEnv: a program of its own beside the product; its variables all begin with SIM_.
  const simulator = await startSimulator(parseOptions(process.argv.slice(2), process.env));
  process.stdout.write(
    `${JSON.stringify({ ready: true, port: simulator.port, url: simulator.url, pid: process.pid })}\n`,
  );

  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    void simulator.shutDown().then(() => process.exit(0));
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  if (process.send) process.once("disconnect", end);
  // A pipe from the parent ends when the parent does. A terminal or /dev/null says nothing about it.
  else if (isPipe(0)) process.stdin.once("end", end).once("error", end).resume();
}

function isPipe(descriptor: number) {
  try {
    const kind = fstatSync(descriptor);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
