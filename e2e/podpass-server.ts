import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The owner of the Podpass that all specs share. */
export const OWNER = { email: "owner@example.com", password: "correct horse battery staple" };

export type PodpassServer = {
  url: string;
  port: number;
  dataDir: string;
  pid: number;
  /** Everything it has written so far, standard output and error together. */
  output(): string;
  /** Sends a signal to the supervisor and settles with its exit code, or null if a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
};

type Options = { env?: Record<string, string>; dataDir?: string; port?: number };

/** Only what a program needs to run: nothing of the machine's own settings shall decide a test. */
function bareEnvironment() {
  const { PATH = "", HOME = "", TMPDIR } = process.env;
  return {
    PATH,
    HOME,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    NODE_ENV: "production" as const,
    LOG_LEVEL: "warn",
  };
}

/** Runs the built server as `npm start` does and settles once it says that it is running. Rejects with its words when it ends first. */
export async function startPodpass(options: Options = {}): Promise<PodpassServer> {
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "podpass-e2e-")));
  const child = spawn(process.execPath, [join(root, "dist/server.js")], {
    cwd: root,
    env: {
      ...bareEnvironment(),
      // A pod that answers as fast as it can.
      SIM_TOKENS_PER_SECOND: "0",
      SIM_TTFT_MS: "0",
      ...options.env,
      PORT: String(port),
      PODPASS_DATA_DIR: dataDir,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (output.includes("Podpass is running at")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then((code) => reject(new Error(`exit ${code}\n${output}`)));
  });
  const end = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (isAlive(child)) child.kill(signal);
    return ended;
  };
  return {
    url: `http://localhost:${port}`,
    port,
    dataDir,
    pid: child.pid ?? 0,
    output: () => output,
    end,
    async dispose() {
      await end();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs a command of the CLI on a server's data and gives back the JSON it printed. Rejects with its one line on failure. */
export function runCli(dataDir: string, args: string[], input = ""): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // Making good machine code of the query compiler takes longer than the one command does.
    const child = spawn(process.execPath, ["--liftoff-only", join(root, "dist/podpass.js"), ...args, "--json"], {
      cwd: root,
      env: { ...bareEnvironment(), PODPASS_DATA_DIR: dataDir },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString("utf8");
    });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(JSON.parse(stdout)) : reject(new Error(stderr.trim()))));
    child.stdin.end(input);
  });
}

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

/** A port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
