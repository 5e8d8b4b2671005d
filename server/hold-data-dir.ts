import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lock, tryLock } from "./lock";
import { StartError } from "./start-error";

const POLL_MS = 100;
/** As long as a Podpass that is told to stop may still stream, and a little more. */
const PATIENCE_MS = 90_000;

/**
 * Makes this the only Podpass on a data folder: two would write one journal. Waits for one that is already stopping; refuses
 * beside one that is not, naming it and the variables that keep the two apart.
 */
export async function holdDataDir(dataDir: string, address: string): Promise<Lock> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let isFirst = true; ; isFirst = false) {
    const taken = tryLock(join(dataDir, "lock"), address);
    if ("lock" in taken) return taken.lock;
    const { pid, isStopping, address: where } = taken.holder;
    if (!isStopping || Date.now() > deadline) {
      throw new StartError(
        `Podpass already runs with this data folder: process ${pid}, at ${where}.\n` +
          "Stop that one, or start this one beside it with another PORT and PODPASS_DATA_DIR.",
      );
    }
    if (isFirst) process.stderr.write(`Waiting for process ${pid} to finish its last requests …\n`);
    await sleep(POLL_MS);
  }
}
