import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isMissing } from "./data-dir";
import { identify, isRunning, type ProcessIdentity } from "./process-identity";

export type LockHolder = ProcessIdentity & { address: string; isStopping?: boolean };

export type Lock = { markStopping(): void; release(): void };

/** Who holds this lock right now, or null. A holder that was killed counts as nobody. */
export function lockHolder(file: string): LockHolder | null {
  const holder = readHolder(file);
  return holder !== null && isRunning(holder) ? holder : null;
}

/** Makes this process the holder, or tells who is. Whatever a killed holder left behind is taken over. */
export function tryLock(file: string, address: string): { lock: Lock } | { holder: LockHolder } {
  const mine: LockHolder = { ...(identify(process.pid) ?? { pid: process.pid, startedAt: "unknown" }), address };
  while (!place(file, mine)) {
    const holder = lockHolder(file);
    if (holder !== null) return { holder };
    removeStale(file);
  }
  return {
    lock: {
      markStopping: () => writeFileSync(file, JSON.stringify({ ...mine, isStopping: true })),
      release: () => rmSync(file, { force: true }),
    },
  };
}

function readHolder(file: string): LockHolder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** False when the lock exists. A link appears at once with all of its content, which an exclusive write does not. */
function place(file: string, holder: LockHolder) {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes a dead holder's lock away. If another process was faster and this is already its lock, it is put back. */
function removeStale(file: string) {
  const aside = `${file}.stale-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    if (lockHolder(aside) !== null) linkSync(aside, file);
  } catch {
    // A third process holds the lock by now.
  } finally {
    rmSync(aside, { force: true });
  }
}
