import { readFileSync, readlinkSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

const LOCK = "lock";
/** A live owner touches its lock far more often; only where process ids say nothing does this decide. */
const STALE_MS = 5 * 60_000;
export const TOUCH_EVERY_MS = 30_000;

/** Who owns a directory: a process, named so that a reused process id or another container's is not mistaken for it. */
type Owner = { pid: number; startedAt: string | null; scope: string };

let self: Owner | undefined;

/** Marks a directory as this process's own. Throws where it can't be written. */
export function claim(directory: string) {
  self ??= { pid: process.pid, startedAt: startOf(process.pid), scope: scopeOf() };
  writeFileSync(join(directory, LOCK), JSON.stringify(self));
}

/** Says that the owner lives, to those who can't see its process. */
export function touch(directory: string) {
  const now = new Date();
  utimesSync(join(directory, LOCK), now, now);
}

/** True while a directory's owner lives, or may live. */
export function isHeld(directory: string, nowMs = Date.now()) {
  const owner = ownerOf(directory);
  if (owner !== null && owner.startedAt !== null && owner.scope === scopeOf()) {
    return startOf(owner.pid) === owner.startedAt;
  }
  // Another host, another container, or no /proc: the file's age is all there is to go by.
  const touchedMs = modifiedMs(join(directory, LOCK)) ?? modifiedMs(directory);
  return touchedMs !== null && nowMs - touchedMs < STALE_MS;
}

/**
 * Takes over a dead owner's directory and returns its new name; null if another process was faster. The rename settles the
 * race. Should two ever replay the same directory, nothing is counted twice: a row becomes final once.
 */
export function adopt(directory: string, byReplicaId: string): string | null {
  const taken = `${directory.split("~", 1)[0]}~${byReplicaId}`;
  try {
    renameSync(directory, taken);
    claim(taken);
    return taken;
  } catch {
    return null;
  }
}

function ownerOf(directory: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(directory, LOCK), "utf8"));
    return isOwner(owner) ? owner : null;
  } catch {
    return null;
  }
}

function isOwner(value: unknown): value is Owner {
  return typeof value === "object" && value !== null && "pid" in value && "startedAt" in value && "scope" in value;
}

/** When a process began, in the kernel's ticks since boot; null when there is no such process, or no /proc to ask. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in the second field may hold spaces and brackets: count from the last bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Within one scope process ids mean the same: a host, its boot, and the container's process namespace. */
function scopeOf() {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

function modifiedMs(path: string): number | null {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return null;
  }
}
