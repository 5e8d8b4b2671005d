import { afterAll, beforeEach, expect, test } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import type { Actor } from "../auth/member";
import { db } from "../db";
import { asleep } from "./health";
import { addPod, recordPodState, replacePodKey } from "./mutations";
import { createPodProbe, type Evidence } from "./probe";
import { getPod } from "./queries";

const start = new Date("2026-11-22T12:00:00Z");
const admin: Actor = { kind: "system", memberId: null, role: "OWNER", ip: null, requestId: "test" };
const pods: Simulator[] = [];

let now = start;
const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1_000);
};

beforeEach(async () => {
  now = start;
  await db.pod.deleteMany();
});

afterAll(() => Promise.all(pods.map((pod) => pod.close())));

async function startPod() {
  const pod = await startSimulator({ keys: ["pod-key"], models: ["llama"], tokensPerSecond: 0, ttftMs: 0 });
  pods.push(pod);
  const { podId } = await addPod(admin, { name: "gpu", baseUrl: pod.url, apiKey: "pod-key" }, start);
  const probe = createPodProbe({ now: () => now });
  const asked = () => pod.ledger.entries.filter(({ path }) => path === "/v1/completions").length;
  /** Looks until what was asked in the background has been heard of. */
  const lookUntil = (state: string, evidence?: Evidence) =>
    expect
      .poll(
        async () => {
          pass(16);
          await probe(evidence);
          return (await getPod(admin, podId)).state;
        },
        { timeout: 10_000 },
      )
      .toBe(state);
  return { pod, podId, probe, asked, lookUntil, found: () => getPod(admin, podId) };
}

const suspect: Evidence = { tokensSeenAt: () => null, isSuspect: () => true, busySince: () => null };

test("a look writes down the load that vLLM tells", async () => {
  const { pod, probe, found } = await startPod();
  pod.control.set({ maxRunning: 1, tokensPerSecond: 20 });
  const left = new AbortController();
  const calls = Array.from({ length: 3 }, () =>
    fetch(`${pod.url}/v1/completions`, {
      method: "POST",
      signal: left.signal,
      headers: { authorization: "Bearer pod-key", "content-type": "application/json" },
      body: JSON.stringify({ model: "llama", prompt: "Once", max_tokens: 2_000, ignore_eos: true }),
    }).catch(() => null),
  );
  await expect.poll(() => pod.load()).toEqual({ running: 1, waiting: 2 });
  await probe();
  expect(await found()).toMatchObject({
    state: "serving",
    requestsRunning: 1,
    requestsWaiting: 2,
    kvCacheUsage: expect.any(Number),
    gaugesAt: start,
  });
  left.abort();
  await Promise.all(calls);
});

test("an idle pod is asked for one token every quarter of an hour, and one that works never", async () => {
  const { pod, probe, asked, found } = await startPod();
  await probe();
  pass(899);
  await probe();
  expect(asked()).toBe(0);
  pass(1);
  await probe();
  await expect.poll(asked).toBe(1);
  expect(pod.ledger.entries.find(({ path }) => path === "/v1/completions")).toMatchObject({ producedTokens: 1 });
  pass(5);
  await expect.poll(() => probe().then(found)).toMatchObject({ tokensSeenAt: expect.any(Date), state: "serving" });

  const busy: Evidence = { tokensSeenAt: () => now.getTime(), isSuspect: () => false, busySince: () => null };
  for (let minute = 0; minute < 20; minute += 1) {
    pass(60);
    await probe(busy);
  }
  expect(asked()).toBe(1);
});

test("a pod that answers and produces nothing fails after two probes, and only a token brings it back", async () => {
  const { pod, probe, asked, found, lookUntil } = await startPod();
  await probe();
  pod.control.fail({ mode: "error-500" });
  pass(1);
  await probe(suspect);
  await expect.poll(asked).toBe(1);
  expect(await found()).toMatchObject({ state: "serving" });
  await lookUntil("failing", suspect);
  expect(await found()).toMatchObject({ stateReason: "no_tokens" });
  expect(asked()).toBeGreaterThanOrEqual(2);

  // Another process, to which the pod looks well, does not bring it back.
  const stranger = createPodProbe({ now: () => now });
  for (let i = 0; i < 3; i += 1) await stranger();
  expect(await found()).toMatchObject({ state: "failing", stateReason: "no_tokens" });
  pod.control.heal();
  await lookUntil("serving");
  expect((await found()).stateReason).toBeNull();
});

test("a pod that takes calls and answers none of them is found out, though it counts none as running", async () => {
  const { pod, asked, lookUntil } = await startPod();
  await lookUntil("serving");
  pod.control.fail({ mode: "error-500" });
  const busySince = now.getTime();
  const hanging: Evidence = { tokensSeenAt: () => null, isSuspect: () => false, busySince: () => busySince };
  await lookUntil("failing", hanging);
  expect(now.getTime() - busySince).toBeGreaterThanOrEqual(120_000);
  expect(asked()).toBeGreaterThanOrEqual(2);
});

test("a model that is no language model, and a pod that is busy, are not taken for one that fails", async () => {
  const { pod, probe, asked, found } = await startPod();
  for (const mode of ["overloaded", "rate-limited", "leaky-400"] as const) {
    pod.control.heal();
    pod.control.fail({ mode });
    const before = asked();
    pass(16);
    await probe(suspect);
    await expect.poll(asked).toBe(before + 1);
  }
  await probe(suspect);
  await probe(suspect);
  expect(await found()).toMatchObject({ state: "serving" });
});

test("a pod whose calls brought tokens just now is busy when its health comes late, and gone when it is refused", async () => {
  const { pod, probe, found } = await startPod();
  const busy: Evidence = { tokensSeenAt: () => now.getTime() - 1_000, isSuspect: () => false, busySince: () => null };
  await probe(busy);
  pod.control.fail({ mode: "reset", path: "/health" });
  for (let i = 0; i < 3; i += 1) {
    pass(5);
    await probe(busy);
  }
  expect(await found()).toMatchObject({ state: "serving" });
  pod.control.heal();
  await pod.control.refuse();
  await probe(busy);
  await probe(busy);
  expect(await found()).toMatchObject({ state: "unreachable", stateReason: "refused_here" });
});

test("a pod that was put to sleep stays asleep while it is silent, also where a look began before", async () => {
  const { pod, podId, probe, found } = await startPod();
  await probe();
  const looking = (async () => {
    await pod.control.refuse();
    await recordPodState({ podId, baseUrl: pod.url, health: asleep(now), models: null, lastSeenAt: null });
    await probe();
  })();
  await probe();
  await looking;
  await probe();
  await probe();
  expect(await found()).toMatchObject({ state: "asleep", stateReason: null });
  await pod.control.accept();
  await probe();
  expect(await found()).toMatchObject({ state: "serving" });
});

test("while the key is changed a pod that takes only the one before serves, and a day later it refuses the key", async () => {
  const { podId, probe, found } = await startPod();
  await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, start);
  await probe();
  expect(await found()).toMatchObject({ state: "serving", triesBothKeys: true });
  pass(24 * 3_600 + 1);
  await probe();
  await probe();
  await probe();
  expect(await found()).toMatchObject({ state: "refusing_key", triesBothKeys: false });
});
