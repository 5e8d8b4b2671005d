// Contract tests against a real vLLM on this machine's processor: the official SDKs → Podpass → vLLM, and every count compared.
// `--direct` leaves Podpass out, to learn what vLLM itself does. `--only states,scripts` runs these parts alone.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { assembledChecks } from "./assembled.mjs";
import { CannotRunHere, installVllm } from "./install.mjs";
import { compareTotals, compareWithPod, compareWithRow, crowd, settledRows } from "./ledger.mjs";
import { compareAnswers, compareMetrics } from "./likeness.mjs";
import { wantedParts } from "./parts.mjs";
import { checkPodScripts } from "./pod-scripts.mjs";
import { checkComingBack, checkGauges, checkKeyChange } from "./pod-states.mjs";
import { startPodpass } from "./podpass.mjs";
import { PROBES } from "./probes.mjs";
import { stopAll } from "./processes.mjs";
import { pythonScenarios } from "./python-sdk.mjs";
import { checkReconciliation } from "./reconcile.mjs";
import { outlivePod, scenariosFor } from "./sdk-javascript.mjs";
import { startSimulator } from "./simulator.mjs";
import { MODEL, startVllm } from "./vllm.mjs";

const ROOT = new URL("../..", import.meta.url).pathname;
const direct = process.argv.includes("--direct");
const parts = wantedParts(process.argv.slice(2), direct);
const environment = process.env.PODPASS_VLLM_ENV || `${ROOT}.venv/vllm`;
const counts = { passed: 0, failed: 0 };

async function check(name, promise) {
  try {
    const note = await promise();
    counts.passed += 1;
    console.log(`  ok      ${name}${note ? ` (${note})` : ""}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`  FAILED  ${name}\n          ${error.message.replaceAll("\n", "\n          ")}`);
  }
}

/** Runs each scenario alone between two readings of vLLM's counters; returns what each told, for the rows. */
async function runScenarios(language, scenarios, vllm) {
  const entries = [];
  for (const [scenario, run] of Object.entries(scenarios)) {
    const name = `${language}: ${scenario}`;
    await check(name, async () => {
      const before = await vllm.rest();
      const told = await run();
      const after = await vllm.rest();
      const counted = {
        prompt: after.prompt - before.prompt,
        generation: after.generation - before.generation,
        idleAfterMs: after.idleAfterMs,
        crowd: crowd(),
      };
      entries.push({ name, told, counted });
      compareWithPod(told, counted);
      return counted.generation ? `${counted.prompt} in, ${counted.generation} out` : "";
    });
  }
  return entries;
}

async function checkRows(podpass, entries, keys) {
  const named = new Set(entries.map(({ told }) => told.requestId).filter(Boolean));
  const rows = await settledRows(podpass, [...named]);
  const left = rows.filter(({ requestId, outcome }) => outcome === "client_closed" && !named.has(requestId));
  const unnamed = entries.filter(({ told }) => told.outcome === "client_closed" && !told.requestId);
  for (const { name, told, counted } of entries.filter(({ told }) => told.requestId)) {
    const row = rows.find(({ requestId }) => requestId === told.requestId);
    await check(`row of ${name}`, async () => {
      compareWithRow(row, told, counted);
      return `${row.outcome}, ${row.tokenSource}, ${row.promptTokens} in, ${row.completionTokens} out`;
    });
  }
  await check("rows of clients that left before an answer", async () => {
    if (left.length !== unnamed.length) throw new Error(`${left.length} rows for ${unnamed.length} such clients`);
  });
  const totals = await podpass.usage("key");
  for (const { id } of keys)
    await check("a key's totals are the sum of its rows", async () => compareTotals(rows, totals, id));
}

/** Asks the simulated pod and vLLM the same: where they differ, the simulator is wrong. */
async function checkSimulator(folder, real) {
  const simulated = { ...(await startSimulator({ folder, apiKey: real.key })), key: real.key };
  for (const [name, probe] of Object.entries(PROBES)) {
    await check(`simulated pod: ${name}`, () => compareAnswers(probe, real, simulated));
  }
  await check("simulated pod: metrics", () => compareMetrics(real, simulated));
}

/** What Podpass puts together from vLLM's streams against what vLLM answers without one. */
async function checkAssembled(podpass, real) {
  const { secret } = await podpass.issueKey("assembled");
  const checks = assembledChecks({ podpass, key: secret, real });
  for (const [name, run] of Object.entries(checks)) await check(`put together: ${name}`, run);
}

async function runAll(folder) {
  const python = installVllm(environment);
  const needsServer = [...parts].some((part) => part !== "scripts");
  const podpass = needsServer ? await checkContract(folder, python) : await podpassWithoutPod(folder);
  if (!parts.has("scripts")) return;
  console.log("Starting a pod with the scripts …");
  await checkPodScripts({ check, folder, python, environment, podpass });
}

async function podpassWithoutPod(folder) {
  return direct ? null : startPodpass({ folder, podUrl: "http://127.0.0.1:9", podKey: "nobody-listens-there" });
}

/** The parts that share one vLLM. Returns the Podpass it ran, whose pod may have ended. */
async function checkContract(folder, python) {
  const podKey = randomBytes(24).toString("base64url");
  console.log("Starting vLLM with a tiny model …");
  const vllm = await startVllm({ python, folder, apiKey: podKey });
  const real = { url: vllm.url, key: podKey };
  if (parts.has("likeness")) await checkSimulator(folder, real);
  const podpass = direct ? null : await startPodpass({ folder, podUrl: vllm.url, podKey });
  if (parts.has("assembled")) await checkAssembled(podpass, real);
  const target = { url: podpass?.url ?? vllm.url, model: MODEL, direct };
  const told = parts.has("sdks") ? await checkSdks({ folder, python, vllm, podpass, podKey, target }) : null;
  if (parts.has("counters")) {
    await check("Podpass holds what it recorded against vLLM's counters", () =>
      checkReconciliation({ podpass, vllm, podKey, model: MODEL }),
    );
  }
  const states = parts.has("states") ? { podpass, key: await keyFor(podpass, "states"), model: MODEL, podKey } : null;
  if (states) {
    await check("vLLM's load is on the pod's page", () => checkGauges(states));
    await check("a key is changed under traffic", () => checkKeyChange(states));
  }
  if (told) await checkOutliving({ told, target, vllm, podKey });
  if (states) {
    vllm.kill();
    await check("calls wait for a vLLM that is started again with another key", () =>
      checkComingBack(states, (apiKey) => startVllm({ python, folder, apiKey, port: vllm.port })),
    );
  }
  if (told && podpass) await checkRows(podpass, told.entries, told.keys);
  return podpass;
}

const keyFor = async (podpass, name) => (await podpass.issueKey(name)).secret;

/** Runs the SDKs' scenarios; returns what they were told, and the keys they used, for the rows. */
async function checkSdks({ folder, python, vllm, podpass, podKey, target }) {
  const keys = podpass ? [await podpass.issueKey("javascript"), await podpass.issueKey("python")] : [];
  const [forJavaScript, forPython] = podpass ? keys.map(({ secret }) => secret) : [podKey, podKey];
  const entries = [
    ...(await runScenarios("JavaScript", scenariosFor({ ...target, key: forJavaScript }), vllm)),
    ...(await runScenarios("Python", await pythonScenarios({ ...target, python, folder, key: forPython }), vllm)),
  ];
  return { entries, keys, forJavaScript };
}

/** Ends vLLM under a stream. */
async function checkOutliving({ told: { entries, forJavaScript }, target, vllm, podKey }) {
  await check("JavaScript: a pod that ends mid-stream is told as an error", async () => {
    const told = await outlivePod({ ...target, key: forJavaScript, podKey }, vllm.kill);
    entries.push({ name: "a pod that ends mid-stream", told, counted: {} });
    return `${told.seen} pieces seen, the next call answered ${told.next}`;
  });
}

const folder = mkdtempSync(`${tmpdir()}/podpass-vllm-`);
let ending = null;
/** Ends every process and, unless something failed, removes the folder with their logs. */
function clean() {
  ending ??= stopAll().then(() => {
    if (counts.failed === 0) rmSync(folder, { recursive: true, force: true });
    else console.log(`The logs are in ${folder}`);
  });
  return ending;
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => clean().then(() => process.exit(130)));

try {
  await runAll(folder);
} catch (error) {
  if (error instanceof CannotRunHere) console.log(`skipped: vLLM can't run here: ${error.message}`);
  else {
    counts.failed += 1;
    console.log(`FAILED  ${error.message}`);
  }
}
await clean();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
