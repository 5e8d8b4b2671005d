import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { log } from "@/lib/log";
import { childEnvironment } from "./child-environment";
import { StartError } from "./start-error";

export type SimulatedPod = { port: number; key: string; stop(): Promise<void> };

const program = fileURLToPath(new URL("../dist/pod-simulator.js", import.meta.url));
const START_PATIENCE_MS = 30_000;
const END_PATIENCE_MS = 2_000;
const PAUSE_MS = 1_000;

/**
 * Starts the vLLM look-alike on a loopback port of its own, and again on the same one should it end. `SIM_…` variables set its
 * manners. It asks for a key of its own, as a real pod should, and ends with this process.
 */
export async function startSimulatedPod(): Promise<SimulatedPod> {
  const key = randomBytes(18).toString("base64url");
  let isStopping = false;
  let { child, port } = await launch(0, key);

  async function keepRunning() {
    while (!isStopping) {
      await untilEnded(child);
      if (isStopping) return;
      log.error({ code: child.exitCode, signal: child.signalCode }, "the simulated pod ended; starting it again");
      await sleep(PAUSE_MS);
      if (!isStopping) ({ child, port } = await launch(port, key));
    }
  }
  keepRunning().catch((error: unknown) => log.error({ err: error }, "the simulated pod does not start again"));

  return {
    port,
    key,
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), END_PATIENCE_MS);
      await untilEnded(child);
      clearTimeout(timer);
    },
  };
}

function launch(wantedPort: number, key: string): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, ["--host", "127.0.0.1", "--port", String(wantedPort)], {
    // It needs none of the product's secrets.
    env: childEnvironment({
      DATABASE_URL: undefined,
      PODPASS_SECRET: undefined,
      ADMIN_PASSWORD: undefined,
      SIM_KEY: key,
    }),
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const fail = () => {
      child.kill("SIGKILL");
      reject(new StartError("The simulated pod does not start. Set VLLM_BASE_URL to use a real one."));
    };
    const timer = setTimeout(fail, START_PATIENCE_MS);
    child.once("exit", fail);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (output.includes("\n")) return;
      output += text;
      if (!output.includes("\n")) return;
      clearTimeout(timer);
      child.off("exit", fail);
      const { port } = JSON.parse(output.split("\n", 1)[0] ?? "") as { port: number };
      resolve({ child, port });
    });
  });
}

function untilEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
