import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, fetch } from "undici";

const LONGEST_WAIT_MS = 180_000;
/** The longest there is: how long vLLM takes to start is this machine's affair. */
const HOLD_SECONDS = 600;
/** Within this every gateway process has read what was changed about a pod, which it does every two seconds. */
const KNOWN_WITHIN_MS = 5_000;

/** Without limits of its own to how long an answer's head may take; idle connections are given up long before Podpass does. */
const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveMaxTimeout: 10_000 });

/** The calls of Podpass that these checks need, as one member's. */
function caller({ podpass, key, model }) {
  return (fields = {}) =>
    fetch(`${podpass.url}/v1/chat/completions`, {
      dispatcher: patient,
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello." }], max_tokens: 8, ...fields }),
    });
}

/** All of these, which go on while something else is awaited: what fails among them is heard of when they are. */
function together(promises) {
  const all = Promise.all(promises);
  all.catch(() => undefined);
  return all;
}

async function until(what, isSo) {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; Date.now() < deadline; await sleep(500)) {
    const [pod] = await what.podpass.pods();
    if (isSo(pod)) return pod;
  }
  throw new Error("the pod's page never said so");
}

/** What vLLM tells of its load is on the pod's page while calls run, and gone when they have ended. */
export async function checkGauges(given) {
  const ask = caller(given);
  let isOver = false;
  const calls = together(
    Array.from({ length: 3 }, async () => {
      while (!isOver) await (await ask({ max_tokens: 2_000, ignore_eos: true })).arrayBuffer();
    }),
  );
  const busy = await until(given, ({ gauges }) => gauges?.running > 0).finally(async () => {
    isOver = true;
    await calls;
  });
  assert.ok(busy.gauges.running <= 3 && busy.gauges.kvCacheUsage > 0, `it says ${JSON.stringify(busy.gauges)}`);
  assert.equal(busy.state, "serving");
  await until(given, ({ gauges }) => gauges?.running === 0);
  return `${busy.gauges.running} running, cache ${(busy.gauges.kvCacheUsage * 100).toFixed(1)}%`;
}

/** vLLM takes one key only; Podpass is told another one first and then the right one again, under traffic: no call fails. */
export async function checkKeyChange(given) {
  const ask = caller(given);
  const statuses = [];
  let isOver = false;
  // Not so many that on a small machine nothing else gets to run.
  const lines = together(
    Array.from({ length: 2 }, async () => {
      while (!isOver) {
        const answer = await ask();
        await answer.arrayBuffer();
        statuses.push(answer.status);
        await sleep(50);
      }
    }),
  );
  try {
    await given.podpass.setPodKey("a-key-that-vllm-does-not-know");
    const count = statuses.length;
    const enough = async () => {
      while (statuses.length < count + 40) await sleep(50);
    };
    await Promise.race([enough(), lines]);
    assert.equal((await given.podpass.pods())[0].state, "serving");
    await given.podpass.setPodKey(given.podKey);
    await sleep(3_000);
  } finally {
    isOver = true;
    await lines;
  }
  assert.deepEqual([...new Set(statuses)], [200]);
  return `${statuses.length} calls`;
}

/** vLLM has ended. Calls wait in its waiting room until it is back, on the same port and with another key. */
export async function checkComingBack(given, startAgain) {
  await given.podpass.editPod("--hold-seconds", String(HOLD_SECONDS));
  const ask = caller(given);
  await sleep(KNOWN_WITHIN_MS);
  await until(given, ({ state }) => state === "unreachable");
  const waiting = together(Array.from({ length: 5 }, () => ask()));
  const podKey = "another-key-since-the-restart-0123456789";
  const [vllm] = await Promise.all([startAgain(podKey), given.podpass.setPodKey(podKey)]);
  const answers = await Promise.race([waiting, vllm.ended.then(() => null)]);
  assert.ok(answers, "vLLM ended before it had answered");
  const told = answers.map(({ status, headers }) => [status, headers.get("x-podpass-pod-state")].join(" ").trim());
  assert.deepEqual(told, Array(5).fill("200"));
  const waits = answers.map(({ headers }) => Number(headers.get("x-podpass-queue-ms")));
  assert.ok(Math.min(...waits) > 1_000, `they waited ${waits.join(", ")} ms`);
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  vllm.kill();
  return `they waited up to ${Math.round(Math.max(...waits) / 1_000)} s`;
}
