import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Ids are used again, also within minutes: only together with its start does an id name one process. */
export type ProcessIdentity = { pid: number; startedAt: string };

/** Who runs under `pid` now, or null when nobody does. */
export function identify(pid: number): ProcessIdentity | null {
  if (process.platform !== "linux") return identifyWithPs(pid);
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const fields = statFields(pid);
    // Field 3 is the state, field 22 the start in clock ticks since boot. A zombie has ended.
    return fields[0] === "Z" ? null : { pid, startedAt: `${boot}/${fields[19]}` };
  } catch {
    return null;
  }
}

/** True while exactly this process runs. */
export function isRunning({ pid, startedAt }: ProcessIdentity) {
  return identify(pid)?.startedAt === startedAt;
}

/** The parent of `pid`, or null when that can't be seen. */
export function parentOf(pid: number): number | null {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    return null;
  }
}

/** A program's short name, or null when that can't be seen. */
export function programOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return null;
  }
}

/** /proc/PID/stat from its third field on: the second is a name that may hold spaces and brackets. */
function statFields(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function identifyWithPs(pid: number): ProcessIdentity | null {
  try {
    const startedAt = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return startedAt === "" ? null : { pid, startedAt };
  } catch {
    return null;
  }
}
