import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Podpass reads the pod's counters about once a minute. */
const LONGEST_WAIT_MS = 150_000;
/** Podpass itself may send a trial call of a token or two. */
const OWN_TOKENS = 32;
const AROUND = 20;

/** What Podpass read of its pod's counters after `moment`. */
async function readingAfter(podpass, moment) {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; Date.now() < deadline; await sleep(2_000)) {
    const [pod] = await podpass.pods();
    if (pod?.counters && Date.parse(pod.counters.to) > moment) return pod.counters;
  }
  throw new Error("Podpass did not read the pod's counters");
}

/** Calls that go around Podpass, with the pod's own key, are missing from its records by exactly their tokens, and said to be the cause. */
export async function checkReconciliation({ podpass, vllm, podKey, model }) {
  await vllm.rest();
  const before = await readingAfter(podpass, Date.now());
  const went = { prompt: 0, completion: 0 };
  for (let i = 0; i < AROUND; i += 1) {
    const answer = await fetch(`${vllm.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${podKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages: [{ role: "user", content: `Around ${i}` }],
        max_tokens: 50,
        ignore_eos: true,
      }),
    });
    const { usage } = await answer.json();
    went.prompt += usage.prompt_tokens;
    went.completion += usage.completion_tokens;
  }
  const after = await readingAfter(podpass, Date.now());
  const grown = (field) => after.counted[field] - before.counted[field];
  for (const [field, expected] of [
    ["promptTokens", went.prompt],
    ["completionTokens", went.completion],
  ]) {
    const extra = grown(field) - expected;
    assert.ok(extra >= 0 && extra <= OWN_TOKENS, `${field}: ${grown(field)} counted, ${expected} went around`);
  }
  assert.deepEqual(after.recorded, before.recorded, "what went around was recorded");
  assert.ok(after.causes.includes("around"), `the causes given are ${after.causes.join(", ") || "none"}`);
  return `${went.prompt} in, ${went.completion} out went around`;
}
