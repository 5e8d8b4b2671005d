import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";

let pod: Simulator;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;

beforeAll(async () => {
  pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 500, ttftMs: 5, control: true });
  rig = await startGatewayRig("node", pod.url, POD_KEY, [MODEL]);
});

afterAll(async () => {
  await rig?.stop();
  await pod?.close();
});

const hello = { model: MODEL, messages: [{ role: "user" as const, content: "Say something about rivers." }] };
const openai = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${rig.url}/v1`, maxRetries: 0 });
const chat = (secret: string, body: object = {}, signal?: AbortSignal) =>
  fetch(`${rig.url}/v1/chat/completions`, {
    method: "POST",
    signal: signal ?? null,
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ ...hello, max_tokens: 3, ...body }),
  });

/** The statuses of calls sent at once, and how often each. */
async function burst(count: number, send: (index: number) => Promise<Response>) {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  const seen: Record<number, number> = {};
  for (const { status } of answers) seen[status] = (seen[status] ?? 0) + 1;
  return { seen, answers };
}

test("of five times the limit at once exactly the limit passes; the rest reach no pod and leave a row", async () => {
  const key = await rig.issueKey({ limits: { rpm: 5 } });
  const { seen, answers } = await burst(25, () => chat(key.secret));
  expect(seen).toEqual({ 200: 5, 429: 20 });
  const ids = new Set(answers.map((answer) => answer.headers.get("x-request-id")));
  expect([...ids].filter((id) => pod.ledger.find(id ?? "") !== undefined)).toHaveLength(5);
  const rows = await rig.rowsOf(key.keyId);
  expect(rows.filter((row) => row.outcome === "rejected" && row.error_code === "rate_limit_exceeded")).toHaveLength(20);
});

test("looking at models and health is not limited", async () => {
  const key = await rig.issueKey({ limits: { rpm: 1 } });
  const get = (path: string) => fetch(rig.url + path, { headers: { authorization: `Bearer ${key.secret}` } });
  const { seen } = await burst(6, (index) => get(index % 2 === 0 ? "/v1/models" : "/health"));
  expect(seen).toEqual({ 200: 6 });
  expect((await chat(key.secret)).status).toBe(200);
});

test("OpenAI's client finds the limits on every answer, and an honest time to wait on a refusal", async () => {
  const key = await rig.issueKey({ limits: { rpm: 2, tpm: 10_000 } });
  const { data, response } = await openai(key.secret)
    .chat.completions.create({ ...hello, max_tokens: 5 })
    .withResponse();
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-reset-requests": "1m0s",
    "x-ratelimit-limit-tokens": "10000",
  });
  const stream = await openai(key.secret)
    .chat.completions.create({ ...hello, max_tokens: 5, stream: true })
    .withResponse();
  for await (const _ of stream.data);
  // The first call's reservation was given back but for what it used.
  expect(Number(stream.response.headers.get("x-ratelimit-remaining-tokens"))).toBeGreaterThan(
    10_000 - 2 * ((data.usage?.total_tokens ?? 0) + 100),
  );
  const refused = await openai(key.secret)
    .chat.completions.create(hello)
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
  const { headers, code } = refused as InstanceType<typeof OpenAI.RateLimitError>;
  expect(code).toBe("rate_limit_exceeded");
  expect(headers?.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(Number(headers?.get("retry-after"))).toBeGreaterThan(40);
  expect(Number(headers?.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(headers?.get("x-should-retry")).toBeNull();
});

test("two keys of one member share the member's limit", async () => {
  const first = await rig.issueKey({ memberLimits: { rpm: 6 } });
  const second = await rig.issueKey({ memberId: first.memberId });
  const { seen } = await burst(20, (index) => chat(index % 2 === 0 ? first.secret : second.secret));
  expect(seen).toEqual({ 200: 6, 429: 14 });
});

test("a rotation resets nothing: both secrets draw on one limit", async () => {
  const key = await rig.issueKey({ limits: { rpm: 4 } });
  expect((await burst(3, () => chat(key.secret))).seen).toEqual({ 200: 3 });
  const newer = await rig.addSecret(key.keyId);
  const { seen } = await burst(6, (index) => chat(index % 2 === 0 ? key.secret : newer));
  expect(seen).toEqual({ 200: 1, 429: 5 });
});

test.each([true, false])("places come back when their clients leave (streamed: %s)", async (stream) => {
  const key = await rig.issueKey({ limits: { concurrency: 3 } });
  const long = { max_tokens: 20_000, ignore_eos: true, stream };
  const left = new AbortController();
  const running = [1, 2, 3].map((i) => chat(key.secret, { ...long, user: `slot ${i}` }, left.signal));
  running.forEach((answer) => void answer.catch(() => undefined));
  await expect.poll(() => rig.gateway.stats().live).toBe(3);
  const refused = await chat(key.secret);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  left.abort();
  await Promise.allSettled(running);
  await expect.poll(async () => (await burst(3, () => chat(key.secret))).seen).toEqual({ 200: 3 });
});

test("places and tokens come back when the pod fails", async () => {
  const key = await rig.issueKey({ limits: { concurrency: 1, tpm: 1_000 } });
  pod.control.fail({ mode: "reset", bodyIncludes: "doomed" });
  for (let i = 0; i < 3; i += 1) expect((await chat(key.secret, { user: "doomed", max_tokens: 900 })).status).toBe(502);
  pod.control.heal();
  const answer = await chat(key.secret, { max_tokens: 900 });
  expect(answer.status).toBe(200);
});

test("a used-up month is another refusal than a full minute: no retry helps", async () => {
  const key = await rig.issueKey({ limits: { monthlyTokens: 60 } });
  const answers = await burst(20, () => chat(key.secret, { max_tokens: 60, ignore_eos: true }));
  expect(answers.seen).toEqual({ 200: 1, 429: 19 });
  const refused = await chat(key.secret);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(refused.headers.get("retry-after")).toBeNull();
  expect(await refused.json()).toMatchObject({ error: { code: "insufficient_quota" } });
});

test("a month's GPU dollars that are used up are refused with a code of their own, wherever they were spent", async () => {
  const rich = await rig.issueKey({ limits: { monthlyMicroUsd: 2_000_000 } });
  const poor = await rig.issueKey({ memberLimits: { monthlyMicroUsd: 1_999_999 } });
  for (const [{ keyId, memberId }, model] of [
    [rich, "a"],
    [rich, "b"],
    [poor, "a"],
    [poor, "b"],
  ] as const) {
    await rig.database.query(
      `INSERT INTO usage_costs (hour_at, key_id, member_id, pod_id, model, gpu_micro_usd)
       VALUES (date_trunc('month', now(), 'UTC'), $1, $2, $3, $4, 999999 + ($4 = 'b')::int)`,
      [keyId, memberId, rig.podId, model],
    );
  }
  expect((await chat(rich.secret)).status).toBe(200);
  const refused = await chat(poor.secret);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("x-should-retry")).toBe("false");
  expect(await refused.json()).toMatchObject({
    error: { code: "budget_exhausted", message: expect.stringContaining("$1.999999") },
  });
  expect(await rig.rowsOf(poor.keyId)).toMatchObject([{ outcome: "rejected", error_code: "budget_exhausted" }]);
});

test("what was used this month before the gateway started counts, and last month's use doesn't", async () => {
  const used = await rig.issueKey({ memberLimits: { monthlyTokens: 500 } });
  const fresh = await rig.issueKey({ limits: { monthlyTokens: 500 } });
  for (const [{ keyId, memberId }, before] of [
    [used, "0 minutes"],
    [fresh, "15 minutes"],
  ] as const) {
    await rig.database.query(
      `INSERT INTO usage_rollups (bucket_at, key_id, member_id, pod_id, model, completed, prompt_tokens, completion_tokens, ttft, duration)
        VALUES (date_trunc('month', now(), 'UTC') - $5::interval, $1, $2, $3, $4, 1, 200, 300, '{}', '{}')`,
      [keyId, memberId, rig.podId, MODEL, before],
    );
  }
  expect([(await chat(used.secret)).status, (await chat(fresh.secret)).status]).toEqual([429, 200]);
});

test("a full pod is shared: beside many requests of one member, another's next one is next, and its answer says what it waited", async () => {
  const [greedy, modest] = [await rig.issueKey(), await rig.issueKey()];
  await rig.setMaxInFlight(1);
  const pace = { max_tokens: 100, ignore_eos: true };
  const many = Promise.all(
    Array.from({ length: 20 }, (_, index) => chat(greedy.secret, { ...pace, user: `greedy ${index}` })),
  );
  await expect.poll(() => rig.gateway.stats().waiting).toBe(19);
  const left = new AbortController();
  const leaver = chat(modest.secret, pace, left.signal).catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 100));
  left.abort();
  await leaver;
  const answer = await chat(modest.secret, pace);
  expect([answer.status, rig.gateway.stats().waiting > 10]).toEqual([200, true]);
  await rig.setMaxInFlight(null);
  expect((await many).every(({ status }) => status === 200)).toBe(true);
  const rows = await rig.rowsOf(modest.keyId);
  expect(rows.map((row) => row.outcome)).toEqual(["client_closed", "completed"]);
  expect(String(rows[1]?.queue_ms)).toBe(answer.headers.get("x-podpass-queue-ms"));
  expect(rig.gateway.stats().waiting).toBe(0);
});
