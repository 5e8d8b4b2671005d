import { readdirSync, readFileSync } from "node:fs";

export type Process = { pid: number; parent: number; startedAt: string; command: string };

/** Every process below `root`, as /proc shows it now. Linux alone. */
export function descendants(root: number): Process[] {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name)) ?? []) : []));
  const found: Process[] = [];
  for (let parents = [root]; parents.length > 0; ) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map(({ pid }) => pid);
  }
  return found;
}

/** Those of them that still run: the same id with the same start. */
export function stillRunning(processes: Process[]) {
  return processes.filter(({ pid, startedAt }) => look(pid)?.startedAt === startedAt);
}

function look(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? "", command };
  } catch {
    return null;
  }
}
