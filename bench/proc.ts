import { readFileSync } from "node:fs";

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;

/** CPU time of these processes so far, all their threads, user and system, in ms. Ended ones count as 0. */
export function cpuMsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
}

/** Memory these processes hold at this moment, in bytes. */
export function rssOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function cpuMs(pid: number) {
  const text = textOf(`/proc/${pid}/stat`);
  // The second field is the program's name, which may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

function residentBytes(pid: number) {
  return Number(/VmRSS:\s*(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
