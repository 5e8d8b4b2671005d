import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker } from "@/server/messages";
import { freePort } from "@/server/ports";

const built = (name: string) => fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));

/** False where nothing was built: then there is no process to try. */
export const isBuilt = existsSync(built("gateway-worker"));

/** False where the dashboard was not built, without which the whole server does not start. */
export const isWholeBuilt = existsSync(fileURLToPath(new URL("../../dist/next.hash", import.meta.url)));

type Options = {
  databaseUrl: string;
  /** Beyond what a replica needs; overrules it too. */
  env?: Record<string, string>;
  /** As a container's volume: what an earlier replica left there is its own. */
  dataDir?: string;
  port?: number;
};

export type Replica = Awaited<ReturnType<typeof startReplica>>;

/**
 * A gateway process as the supervisor runs it, on a port and with a data folder of its own: killed, it is really gone. Settles
 * when it listens; rejects with its words when it doesn't.
 */
export async function startReplica({ databaseUrl, env = {}, ...given }: Options) {
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), "podpass-replica-")));
  const port = given.port ?? (await freePort());
  const { PATH = "", HOME = "", PODPASS_SECRET = "" } = process.env;
  const child = fork(built("gateway-worker"), {
    // Ends with the test's process, however that ends.
    execArgv: ["--import", built("end-with-parent")],
    env: {
      PATH,
      HOME,
      NODE_ENV: "production",
      LOG_LEVEL: "info",
      PODPASS_SECRET,
      DATABASE_URL: databaseUrl,
      PODPASS_DATA_DIR: dataDir,
      HOST: "127.0.0.1",
      PORT: String(port),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  }
  const ended = once(child, "exit") as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  await untilListening(child, () => output);

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDir,
    pid: child.pid ?? 0,
    output: () => output,
    /** As a stop of the whole server does it. Settles with the exit code. */
    async drain(limitMs: number) {
      child.send({ type: "drain", limitMs } satisfies ToWorker);
      const [code] = await ended;
      return code;
    },
    /** Says where the dashboard's process listens. */
    pagesAt: (nextPort: number) => void child.send({ type: "next", port: nextPort } satisfies ToWorker),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    /** As `kill -9`, or the kernel short of memory. */
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    /** Ends it if it still runs; its folder goes too, unless somebody gave it. */
    async dispose() {
      child.kill("SIGKILL");
      await ended;
      if (given.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function untilListening(child: ChildProcess, output: () => string) {
  return new Promise<void>((resolve, reject) => {
    child.on("message", (message: FromWorker) => {
      if (message.type === "listening") resolve();
      if (message.type === "failed") reject(new Error(message.reason));
    });
    child.once("exit", (code, signal) => reject(new Error(`ended with ${code ?? signal}\n${output()}`)));
  });
}
