import { freePort, start, until } from "./processes.mjs";
import { MAX_MODEL_LEN, MODEL } from "./vllm.mjs";

const MAIN = new URL("../../pod/simulator/main.ts", import.meta.url).pathname;

/** The simulated pod with the options of the real one, as fast as it can. */
export async function startSimulator({ folder, apiKey }) {
  const port = await freePort();
  const options = [
    "--port",
    port,
    "--model",
    MODEL,
    "--max-model-len",
    MAX_MODEL_LEN,
    "--tokens-per-second",
    0,
    "--ttft-ms",
    0,
  ];
  const started = start(
    "The simulated pod",
    process.execPath,
    ["--import", "tsx", MAIN, ...options.map(String), "--prompt-tokens-details"],
    {
      env: { SIM_KEY: apiKey },
      cwd: new URL("../..", import.meta.url).pathname,
      logFile: `${folder}/simulator.log`,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(started, "ready", 60_000, async () => (await fetch(`${url}/health`)).ok);
  return { url };
}
