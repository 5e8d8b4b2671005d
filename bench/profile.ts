import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Rig } from "./rig";

type Node = { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] };
type CpuProfile = { nodes: Node[]; samples: number[]; timeDeltas: number[] };

const SHOWN = 30;
/** Loading modules and warming up belong to the start, not to the work. */
const START_US = 4_000_000;

/** Where one gateway process spends its own time under load: V8's samples by function, the largest first. */
export async function profileGateway(rig: Rig, what: "plain" | "streams"): Promise<string> {
  const peer = await rig.podpass({
    flags: [...rig.flags, "--cpu-prof", "--cpu-prof-interval=500", `--cpu-prof-dir=${rig.folder}`],
  });
  const { target } = peer;
  const result =
    what === "plain"
      ? await rig.run({ kind: "closed-loop", target, connections: 32, warmMs: 3_000, durationMs: 7_000 }, what)
      : await rig.run(
          { kind: "streams", target, slots: 200, events: 250, everyMs: 20, rampMs: 2_000, durationMs: 8_000 },
          what,
        );
  await peer.stop();
  const file = readdirSync(rig.folder).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error("V8 wrote no profile.");
  const per = (result.cpuMs * 1_000) / result.inWindow;
  const unit = what === "plain" ? "request" : "event";
  const profile = JSON.parse(readFileSync(join(rig.folder, file), "utf8")) as CpuProfile;
  const lines = selfTimes(profile, sourceFiles(readFileSync(rig.bundle, "utf8")));
  return [`${per.toFixed(1)} µs of CPU per ${unit}, profiler included`, ...lines].join("\n");
}

/** Two lists: what ran itself, and what was on the stack, of the gateway's own functions. Shares of the busy time. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, sourceAt: (line: number) => string): string[] {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const owners = new Map(nodes.map((node) => [node.id, ownerOf(node, sourceAt)]));
  const self = new Map<string, number>();
  const bySource = new Map<string, number>();
  const total = new Map<string, number>();
  let at = 0;
  let busy = 0;
  samples.forEach((id, index) => {
    const time = timeDeltas[index] ?? 0;
    at += time;
    const name = names.get(id) ?? "?";
    if (at < START_US || name.startsWith("(idle)")) return;
    busy += time;
    add(self, name, time);
    add(bySource, owner(id), time);
    const stack = new Set<string>();
    for (let node: number | undefined = id; node !== undefined; node = parents.get(node))
      stack.add(names.get(node) ?? "?");
    for (const entry of stack) if (/gateway|undici|node:_http|node:net/.test(entry)) add(total, entry, time);
  });
  /** The nearest of our files, or undici or node:http, on whose behalf this ran. */
  function owner(id: number) {
    for (let node: number | undefined = id; node !== undefined; node = parents.get(node)) {
      const found = owners.get(node);
      if (found !== undefined && found !== null) return found;
    }
    return names.get(id) ?? "?";
  }

  const largest = (times: Map<string, number>) =>
    [...times]
      .sort(([, left], [, right]) => right - left)
      .slice(0, SHOWN)
      .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`);
  return [
    "",
    "by file, with what it calls outside of ours",
    ...largest(bySource),
    "",
    "self time",
    ...largest(self),
    "",
    "with what it calls",
    ...largest(total),
  ];
}

/** In which of the bundle's sources a line lies, after the comments that the bundler leaves. */
function sourceFiles(bundle: string): (line: number) => string {
  const lines = bundle.split("\n");
  let current = "";
  const files = lines.map((line) => {
    current = /^\/\/ ((?:lib|server|prisma)\/\S+\.ts)$/.exec(line)?.[1] ?? current;
    return current;
  });
  return (line) => files[line] ?? "?";
}

function ownerOf({ callFrame: { url, lineNumber } }: Node, sourceAt: (line: number) => string): string | null {
  if (/gateway[^/]*\.js$/.test(url)) return sourceAt(lineNumber);
  if (url.includes("/undici/")) return "undici";
  return url.startsWith("node:_http") ? "node:http" : null;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: Node) {
  const file = url.replace(/^.*\/(?=node_modules\/|dist\/)/, "");
  return `${functionName || "(anonymous)"}  ${file}${url === "" ? "" : `:${lineNumber + 1}`}`;
}

const add = (times: Map<string, number>, name: string, time: number) => times.set(name, (times.get(name) ?? 0) + time);
