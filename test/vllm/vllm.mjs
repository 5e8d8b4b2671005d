import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, kill, start, until } from "./processes.mjs";

export const MODEL = "tiny-llama";
/** Long enough for an answer to last seconds, however fast the machine is. */
export const MAX_MODEL_LEN = 4096;

/** Half a minute, where nothing else wants the processor. */
const LONGEST_START_MS = 900_000;

/** Without the network, without telemetry, on one core: the machine is shared with what is being tested. */
export const QUIET = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  VLLM_NO_USAGE_STATS: "1",
  VLLM_CPU_KVCACHE_SPACE: "1",
  VLLM_CPU_OMP_THREADS_BIND: "nobind",
  OMP_NUM_THREADS: "1",
};

/** Writes the tiny model into `folder`, unless it is there; returns where. Nothing else goes on meanwhile. */
export function makeModel(python, folder) {
  const model = `${folder}/model`;
  if (existsSync(`${model}/config.json`)) return model;
  const maker = new URL("make_model.py", import.meta.url).pathname;
  const made = spawnSync(python, [maker, model], { encoding: "utf8", env: { ...process.env, ...QUIET } });
  if (made.status !== 0) throw new Error(`The tiny model could not be written:\n${made.stderr}`);
  return model;
}

/** Serves the tiny model under `apiKey`, on a free port or a given one; resolves when it answers. */
export async function startVllm({ python, folder, apiKey, port: wanted }) {
  const model = makeModel(python, folder);
  const port = wanted ?? (await freePort());
  const options = {
    model,
    "served-model-name": MODEL,
    host: "127.0.0.1",
    port,
    "max-model-len": MAX_MODEL_LEN,
    "max-num-seqs": 16,
    "tool-call-parser": "hermes",
  };
  // In half precision vLLM's worker dies of a short first prompt on virtual machines that announce AMX and have it not.
  const flags = [
    "--enforce-eager",
    "--dtype",
    "float32",
    "--enable-auto-tool-choice",
    "--enable-prompt-tokens-details",
  ];
  const values = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const started = start(
    "vLLM",
    python,
    ["-W", "ignore", "-m", "vllm.entrypoints.openai.api_server", ...values, ...flags],
    {
      // The key goes in by the environment: a command line can be read by everybody on the machine.
      env: { ...QUIET, VLLM_API_KEY: apiKey, TMPDIR: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder },
      cwd: folder,
      logFile: `${folder}/vllm.log`,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await until(started, "ready", LONGEST_START_MS, async () => (await fetch(`${url}/health`)).ok);
  const ended = new Promise((resolve) => started.child.once("exit", resolve));
  return { url, port, ended, counters: () => counters(url), rest: () => rest(url), kill: () => kill(started) };
}

async function counters(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name) => Number(text.match(new RegExp(`^vllm:${name}\\{[^}]*\\} (\\S+)`, "m"))?.[1]);
  return {
    prompt: read("prompt_tokens_total"),
    cached: read("prompt_tokens_cached_total"),
    generation: read("generation_tokens_total"),
    busy: read("num_requests_running") + read("num_requests_waiting"),
  };
}

/** The counters once nothing runs and they have stood still for 300 ms, with how long it took until nothing ran. */
async function rest(url) {
  const asked = performance.now();
  let idleAfterMs = null;
  let last = await counters(url);
  for (;;) {
    if (last.busy === 0) idleAfterMs ??= performance.now() - asked;
    await sleep(last.busy === 0 ? 300 : 20);
    const now = await counters(url);
    if (now.busy === 0 && now.prompt === last.prompt && now.generation === last.generation)
      return { ...now, idleAfterMs };
    if (performance.now() - asked > 30_000) throw new Error("vLLM is still working 30 s later");
    last = now;
  }
}
