import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const SCRIPTS = fileURLToPath(new URL("../../pod", import.meta.url));

export type Ended = { code: number | null; out: string; err: string };

/** Runs one of the scripts with nothing in its environment but what is given; resolves when it has ended. */
export function runScript(name: string, environment: Record<string, string>, args: string[] = [], cwd?: string) {
  const child = spawn("bash", [join(SCRIPTS, name), ...args], {
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/nonexistent", NODE_ENV: "test", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    cwd,
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Buffer) => {
    out += String(data);
  });
  child.stderr.on("data", (data: Buffer) => {
    err += String(data);
  });
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  return Object.assign(ended, { child, said: () => out });
}

/** A folder whose `bin` holds a fake vLLM, and a workspace with a space and quotes in its name. */
export async function openPod() {
  const folder = mkdtempSync(join(tmpdir(), "podpass-pod-"));
  const bin = join(folder, "bin");
  await build({
    entryPoints: [fileURLToPath(new URL("fake-vllm.ts", import.meta.url))],
    outfile: join(bin, "vllm"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    banner: { js: `#!${process.execPath}` },
    logLevel: "error",
  });
  chmodSync(join(bin, "vllm"), 0o755);
  const pods: Pod[] = [];
  const ports = new Set<number>();
  let made = 0;

  /** A blank workspace and a free port. */
  async function blank(environment: Record<string, string> = {}): Promise<Pod> {
    const workspace = join(folder, `it's a "pod" ${made++}`);
    mkdirSync(workspace);
    let port = await freePort();
    while (ports.has(port)) port = await freePort();
    ports.add(port);
    const set = {
      PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
      WORKSPACE: workspace,
      MODEL: "tiny/model",
      HOST: "127.0.0.1",
      PORT: String(port),
      STOP_TIMEOUT: "5",
      START_TIMEOUT: "30",
      ...environment,
    };
    const logs = join(workspace, "logs");
    const pod = {
      workspace,
      logs,
      port,
      url: `http://127.0.0.1:${port}`,
      run: (name: string, more: Record<string, string> = {}, args: string[] = []) =>
        runScript(name, { ...set, ...more }, args),
      file: (name: string) => readFileSync(join(logs, name), "utf8").trim(),
      processes: () => recorded(logs),
    };
    pods.push(pod);
    return pod;
  }

  /** Ends what still runs, by the script that looks twice whom it ends. */
  async function close() {
    for (const pod of pods) if (existsSync(join(pod.logs, "server.pid"))) await pod.run("stop-server.sh");
    rmSync(folder, { recursive: true, force: true });
  }

  return { folder, bin, blank, close };
}

export type Pod = {
  workspace: string;
  logs: string;
  port: number;
  url: string;
  run(name: string, more?: Record<string, string>, args?: string[]): ReturnType<typeof runScript>;
  file(name: string): string;
  processes(): { vllm?: number; keeper?: number };
};

/** The processes server.pid names, whether they live or not. */
function recorded(logs: string): { vllm?: number; keeper?: number } {
  try {
    const lines = readFileSync(join(logs, "server.pid"), "utf8").split("\n");
    const pid = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(" ")[1]) || undefined;
    return { vllm: pid("vllm"), keeper: pid("keeper") };
  } catch {
    return {};
  }
}

export function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

export function isAlive(pid: number | undefined) {
  if (pid === undefined) return false;
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Every command line on this machine in which a text stands. */
export function commandLinesWith(text: string) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return "";
      }
    })
    .filter((line) => line.includes(text));
}

export function freePort() {
  return new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
