import { readdirSync, readFileSync } from "node:fs";

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

/** CPU time of the children that a process has seen end, in ms. */
export function waitedForMsOf(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * TICK_MS;
}

export function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[1] ?? 0);
}

/** The process among a server's children that renders its pages. */
export function dashboardOf(server: number): number {
  const children = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === server);
  return children.find((pid) => textOf(`/proc/${pid}/cmdline`).startsWith("next-server")) ?? 0;
}

function cpuMs(pid: number) {
  const fields = fieldsOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** What the kernel tells of a process, from its state on. */
function fieldsOf(pid: number): string[] {
  const text = textOf(`/proc/${pid}/stat`);
  // The second field is the program's name, which may hold spaces.
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
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
