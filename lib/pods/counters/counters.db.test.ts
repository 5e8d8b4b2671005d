import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";
import { addMember } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import { claimCounters, recordCounters } from "./mutations";
import { reconcilePods } from "./queries";
import { sampleCounters } from "./sample";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";

let pod: Simulator;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;

beforeAll(async () => {
  pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 5, control: true });
  rig = await startGatewayRig("node", pod.url, POD_KEY, [MODEL]);
});

afterAll(async () => {
  await rig?.stop();
  await pod?.close();
  await closePostgres();
});

const due = () => postgres().query("UPDATE pod_counters SET claimed_at = now() - interval '1 hour'");
const chat = (url: string, secret: string, body: object = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Count me." }], max_tokens: 40, ...body }),
  }).then((answer) => answer.text());

async function compare() {
  await due();
  await sampleCounters();
  await rig.gateway.flush();
  const { actor } = await addMember(postgres(), "ADMIN");
  return (await reconcilePods(actor)).get(rig.podId);
}

test("what went through Podpass agrees with the pod's own counters; what went around it is told apart", async () => {
  const { secret } = await rig.issueKey();
  await chat(pod.url, POD_KEY); // before the first reading
  await due();
  await sampleCounters();
  for (let i = 0; i < 5; i += 1) await chat(rig.url, secret, { stream: i % 2 === 0 });
  const even = await compare();
  expect(even?.counted).toEqual(even?.recorded);
  expect(even?.counted.completionTokens).toBe(200);
  expect(even?.causes).toEqual([]);

  for (let i = 0; i < 5; i += 1) await chat(pod.url, POD_KEY, { ignore_eos: true, max_tokens: 400 });
  const around = await compare();
  expect(around?.counted.completionTokens).toBe(2_200);
  expect(around?.recorded.completionTokens).toBe(200);
  expect(around?.causes).toEqual(["around"]);
});

test("each reading is one process' own, and none is counted twice", async () => {
  await due();
  const claims = await Promise.all([claimCounters(), claimCounters(), claimCounters()]);
  expect(claims.flat().filter(({ podId }) => podId === rig.podId)).toHaveLength(1);
  const [late] = claims.flat();
  if (late === undefined) throw new Error("nothing was claimed");
  await due();
  await claimCounters();
  const before = await totals();
  await recordCounters(late, { promptTokens: 1e9, completionTokens: 1e9 });
  expect(await totals(), "somebody else took over").toEqual(before);
});

test("counters that begin anew count from nothing, and time between readings is divided among its hours", async () => {
  await postgres().query("DELETE FROM pod_counter_hours");
  await postgres().query(
    `UPDATE pod_counters SET read_at = now() - interval '150 minutes', prompt_tokens = 1000, completion_tokens = 500,
       claimed_at = now() - interval '1 hour'`,
  );
  const [claimed] = await claimCounters();
  if (claimed === undefined) throw new Error("nothing was claimed");
  await recordCounters(claimed, { promptTokens: 31_003, completionTokens: 15_501 });
  expect(await totals()).toEqual({ prompt: 30_003, completion: 15_001, restarts: 0 });
  const { rows } = await postgres().query<{ share: number }>(
    "SELECT (prompt_tokens / 30003.0)::float8 AS share FROM pod_counter_hours ORDER BY hour_at",
  );
  expect(rows.length).toBeGreaterThanOrEqual(3);
  for (const { share } of rows.slice(1, -1)) expect(share).toBeCloseTo(60 / 150, 3);

  await due();
  const [again] = await claimCounters();
  if (again === undefined) throw new Error("nothing was claimed");
  await recordCounters(again, { promptTokens: 40, completionTokens: 7 });
  expect(await totals()).toEqual({ prompt: 30_043, completion: 15_008, restarts: 1 });
});

async function totals() {
  const { rows } = await postgres().query<{ prompt: number; completion: number; restarts: number }>(
    "SELECT sum(prompt_tokens)::bigint AS prompt, sum(completion_tokens)::bigint AS completion, sum(restarts)::int AS restarts FROM pod_counter_hours",
  );
  return rows[0];
}
