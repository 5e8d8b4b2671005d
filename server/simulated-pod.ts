import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { childEnvironment } from "./child-environment";
import { StartError } from "./start-error";

export type SimulatedPod = { port: number; key: string; stop(): Promise<void> };

const START_PATIENCE_MS = 15_000;

/** Starts the vLLM look-alike on a loopback port of its own. `SIM_…` variables set its manners. It asks for a key of its
 * own, as a real pod should, and ends with this process. */
export function startSimulatedPod(): Promise<SimulatedPod> {
  const key = randomBytes(18).toString("base64url");
  const child = fork(
    fileURLToPath(new URL("../dist/pod-simulator.js", import.meta.url)),
    ["--host", "127.0.0.1", "--port", "0"],
    {
      // It needs none of the product's secrets.
      env: childEnvironment({
        DATABASE_URL: undefined,
        PODPASS_SECRET: undefined,
        ADMIN_PASSWORD: undefined,
        SIM_KEY: key,
      }),
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      detached: true,
    },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(timer);
  };
  return new Promise((resolve, reject) => {
    const fail = () => {
      child.kill("SIGKILL");
      reject(new StartError("The simulated pod does not start. Set VLLM_BASE_URL to use a real one."));
    };
    const timer = setTimeout(fail, START_PATIENCE_MS);
    child.once("exit", fail);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const line = output.split("\n", 1)[0] ?? "";
      if (!output.includes("\n")) return;
      clearTimeout(timer);
      child.off("exit", fail);
      const { port } = JSON.parse(line) as { port: number };
      resolve({ port, key, stop });
    });
  });
}
