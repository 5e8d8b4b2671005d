import assert from "node:assert/strict";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** A pod is free again this soon after its client left, on a machine that does more than this. */
const FREED_WITHIN_MS = 2_000;

/** How many want each core, and at least one: where it is more, every step of an answer waits its turn. */
export const crowd = () => Math.max(1, loadavg()[0] / cpus().length);

/** Tokens of one choice that are on their way to a client when it leaves; vLLM goes on for some more until it hears of it. */
const ON_THEIR_WAY = 16;
const MOST_TOKENS_PER_MS = 1;

/** What a caller was told against what vLLM counted meanwhile. vLLM counts a prompt once for each choice, `usage` once. */
export function compareWithPod({ usage, samples = 1, outcome, seen, status }, { prompt, generation, idleAfterMs }) {
  if (status) assert.equal(generation, 0, "a refused request generated tokens");
  if (usage?.prompt !== undefined)
    assert.equal(prompt, usage.prompt * samples, "prompt tokens: vLLM's count, the SDK's");
  if (usage) assert.equal(generation, usage.completion, "completion tokens: vLLM's count, the SDK's");
  if (outcome !== "client_closed") return;
  assert.ok(generation < 3_500 * samples, `vLLM went on to ${generation} tokens after its client had left`);
  assert.ok(generation >= (seen ?? 0), `the client saw ${seen} pieces, vLLM counted ${generation} tokens`);
  assert.ok(idleAfterMs < FREED_WITHIN_MS, `vLLM was busy for ${Math.round(idleAfterMs)} ms after its client had left`);
}

/** What a caller was told and vLLM counted against the row Podpass kept. */
export function compareWithRow(
  row,
  { usage, samples = 1, outcome = "completed", seen, status },
  { prompt, generation, idleAfterMs, crowd: waiting },
) {
  assert.ok(row, "there is no row for this request");
  if (status) return assert.equal(row.status, status);
  assert.equal(row.outcome, outcome);
  if (outcome === "completed" || seen !== undefined) {
    assert.equal(row.tokenSource, "measured");
    const expected = usage?.prompt ?? (prompt === undefined ? row.promptTokens : prompt / samples);
    assert.equal(row.promptTokens, expected, "prompt tokens of the row");
  }
  if (outcome === "completed") assert.equal(row.completionTokens, generation, "completion tokens of the row");
  if (typeof usage?.cached === "number") assert.equal(row.cachedTokens, usage.cached, "cached tokens of the row");
  if (seen !== undefined) {
    assert.ok(
      row.completionTokens >= seen,
      `the client saw ${seen} pieces, the row says ${row.completionTokens} tokens`,
    );
    if (generation === undefined) return; // vLLM is gone and its counters with it
    const unseen = generation - row.completionTokens;
    assert.ok(
      unseen >= 0 && unseen <= samples * waiting * (ON_THEIR_WAY + idleAfterMs * MOST_TOKENS_PER_MS),
      `vLLM counted ${generation} tokens, the row says ${row.completionTokens}, ${Math.round(idleAfterMs)} ms later, ${waiting.toFixed(1)} to a core`,
    );
  } else if (outcome === "client_closed" && row.tokenSource === "measured") {
    assert.ok(row.completionTokens <= generation, "a row claims more than vLLM generated");
  }
}

/** All rows once these requests have left theirs and none is open; they are written in batches. After 10 s, whatever there is. */
export async function settledRows(podpass, requestIds) {
  for (let attempt = 0; ; attempt += 1) {
    const rows = await podpass.usage("request");
    const settled = new Set(rows.filter(({ outcome }) => outcome !== "open").map(({ requestId }) => requestId));
    if (attempt === 10 || (settled.size === rows.length && requestIds.every((id) => settled.has(id)))) return rows;
    await sleep(1_000);
  }
}

/** A key's line of totals is the sum of its rows. */
export function compareTotals(rows, totals, keyId) {
  const own = rows.filter((row) => row.keyId === keyId);
  const total = totals.find((line) => line.keyId === keyId);
  const sum = (name) => own.reduce((all, row) => all + (row[name] ?? 0), 0);
  assert.ok(total, "the key has no line of totals");
  assert.equal(total.requests, own.length, "requests");
  assert.equal(total.promptTokens, sum("promptTokens"), "prompt tokens");
  assert.equal(total.completionTokens, sum("completionTokens"), "completion tokens");
}
