import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startSimulator } from "@/pod/simulator/simulator";

/**
 * A program that takes vLLM's command line and answers as the simulated pod does: `vllm serve MODEL --config FILE --host … --port …`. It
 * reads keys as vLLM does, only when it starts: from --api-key, else from the file's list, else from VLLM_API_KEY. FAKE_VLLM says how it
 * misbehaves: `loading=MS`, `oom`, `deaf` (to SIGTERM), `engine` (a child that outlives it), `open` (no guard), `silent` (never ready).
 */
async function main(environment: NodeJS.ProcessEnv) {
  const [command, model, ...rest] = process.argv.slice(2);
  if (command !== "serve" || model === undefined) throw usage(`invalid choice: ${command}`);
  const options = readOptions(rest);
  const moods = new Map(
    (environment.FAKE_VLLM ?? "").split(",").map((mood) => [mood.split("=")[0], mood.split("=")[1]]),
  );
  process.stderr.write(
    `(APIServer pid=${process.pid}) INFO 11-22 10:00:00 [api_utils.py:1] vLLM server version 0.32.0\n`,
  );
  if (moods.has("oom")) {
    process.stderr.write(
      "(EngineCore pid=7) ERROR 11-22 10:00:01 [core.py:1] torch.OutOfMemoryError: CUDA out of memory.\nRuntimeError: Engine core initialization failed.\n",
    );
    process.exit(1);
  }
  if (moods.has("engine")) spawn("sleep", ["300", String(process.pid)], { stdio: "ignore" });
  if (moods.has("deaf")) process.on("SIGTERM", () => process.stderr.write("not listening\n"));
  else process.once("SIGTERM", () => process.exit(0));
  await sleep(Number(moods.get("loading") ?? 0));
  if (moods.has("silent")) await sleep(300_000);
  const { host = ["0.0.0.0"], port = ["8000"] } = options;
  await startSimulator({
    host: host[0],
    port: Number(port[0]),
    models: [model],
    keys: moods.has("open") ? [] : keysFrom(options, environment),
    tokensPerSecond: 0,
    ttftMs: 0,
    control: true,
  });
}

function usage(message: string) {
  process.stderr.write(`usage: vllm [-h] [-v]\nvllm: error: ${message}\n`);
  return process.exit(2);
}

const KNOWN = /^(config|host|port|api-key|max-model-len|served-model-name|hf-overrides|enforce-eager|ssl-certfile)$/;

/** `--name value value`, as argparse reads a list. */
function readOptions(words: readonly string[]) {
  const options: Record<string, string[]> = {};
  let name: string | undefined;
  for (const word of words) {
    if (word.startsWith("--")) {
      name = word.slice(2);
      if (!KNOWN.test(name)) throw usage(`unrecognized arguments: ${word}`);
      options[name] ??= [];
    } else if (name !== undefined) options[name]?.push(word);
  }
  return options;
}

function keysFrom(options: Record<string, string[]>, environment: NodeJS.ProcessEnv) {
  if (options["api-key"]) return options["api-key"];
  const file = options.config?.[0];
  const listed = file ? [...readFileSync(file, "utf8").matchAll(/^ {2}- "(.+)"$/gm)].map(([, key = ""]) => key) : [];
  return listed.length > 0 ? listed : [environment.VLLM_API_KEY ?? ""].filter((key) => key !== "");
}

void main(process.env);
