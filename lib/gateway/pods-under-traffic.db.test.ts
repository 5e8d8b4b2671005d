import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPodProbe, type PodProbe } from "@/lib/pods/probe";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { type GatewayRig, startGatewayRig, type Transport } from "@/test/rig/gateway";
import { addRigPod, rekey, setPod } from "@/test/rig/pods";

// Pods that are re-keyed, killed, slowed and started while calls run: what callers notice of it, and that nothing is left behind.

const MODEL = "simulated-llama-8b";
const FIRST_KEY = "pod-key-of-before";
const SECOND_KEY = "pod-key-of-after";

describe.each<Transport>(["socket", "node", "web"])("through %s", { timeout: 60_000 }, (transport) => {
  let pod: Simulator;
  let rig: GatewayRig;
  let secret: string;

  beforeAll(async () => {
    pod = await startSimulator({ keys: [FIRST_KEY], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 2 });
    rig = await startGatewayRig(transport, pod.url, FIRST_KEY, [MODEL], undefined, {}, {}, createPodProbe());
  });

  afterAll(async () => {
    await rig?.stop();
    await pod?.close();
  });

  beforeEach(async () => {
    secret = (await rig.issueKey()).secret;
  });

  /** Nothing of any call is left behind. */
  afterEach(async () => {
    const left = () => [rig.gateway.stats().live, rig.gateway.stats().waiting];
    await expect.poll(left).toEqual([0, 0]);
  });

  const chat = (
    fields: object = {},
    init: { signal?: AbortSignal; headers?: Record<string, string>; as?: string } = {},
  ) =>
    fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      signal: init.signal ?? null,
      headers: {
        authorization: `Bearer ${init.as ?? secret}`,
        "content-type": "application/json",
        ...init.headers,
      },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: "user", content: "Say something about rivers." }],
        max_tokens: 8,
        ...fields,
      }),
    });

  /** Calls one after the other in several lines until `isOver`; every answer that was not whole and well, in words. */
  async function traffic(lines: number, isOver: (total: number) => boolean): Promise<{ total: number; bad: string[] }> {
    const bad: string[] = [];
    let total = 0;
    await Promise.all(
      Array.from({ length: lines }, async (_, line) => {
        while (!isOver(total)) {
          const stream = (total + line) % 2 === 0;
          const answer = await chat({ stream });
          const text = await answer.text();
          total += 1;
          if (answer.status !== 200 || (stream && !text.includes("[DONE]"))) bad.push(`${answer.status} ${text}`);
        }
      }),
    );
    return { total, bad };
  }

  test("a pod that changes its accepted keys at any moment fails no call, and no call reaches it twice", async () => {
    let isOver = false;
    let answered = 0;
    const running = traffic(8, (total) => {
      answered = total;
      return isOver;
    });
    const moreAnswers = async (count: number) => {
      const enough = answered + count;
      await expect.poll(() => answered, { timeout: 20_000, interval: 5 }).toBeGreaterThanOrEqual(enough);
    };
    const [before, after, both] = [[FIRST_KEY], [SECOND_KEY], [FIRST_KEY, SECOND_KEY]];
    // Podpass is told first; then the pod's keys change under it, in every order.
    await moreAnswers(5);
    await rekey(rig, rig.podId, SECOND_KEY);
    for (const keys of [after, before, after, both, before, both, after, before, after, before, after]) {
      pod.control.set({ keys });
      await moreAnswers(4 + Math.floor(Math.random() * 8));
    }
    isOver = true;
    const { total, bad } = await running;
    expect(bad).toEqual([]);
    const worked = pod.ledger.entries.filter(({ path, status }) => path === "/v1/chat/completions" && status === 200);
    expect(worked).toHaveLength(total);
    expect(new Set(worked.map(({ requestId }) => requestId)).size).toBe(total);
    const list = await fetch(`${rig.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
    expect(list.status).toBe(200);
  });

  test("once neither key works the answer is 503 with the state, never the pod's 401", async () => {
    pod.control.set({ keys: ["another"] });
    const answer = await chat();
    expect([answer.status, answer.headers.get("x-podpass-pod-state")]).toEqual([503, "refusing_key"]);
    expect(await answer.json()).toMatchObject({
      error: { code: "pod_unavailable", message: expect.stringMatching(/refuses Podpass' own key/) },
    });
    pod.control.set({ keys: [SECOND_KEY] });
    await expect.poll(async () => (await chat()).status, { interval: 200 }).toBe(200);
  });

  test("calls that a dead pod never saw go to another one; none that it may have begun does", async () => {
    const other = await startSimulator({ keys: ["other-key"], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 2 });
    const otherId = await addRigPod(rig, other.url, { key: "other-key", models: [MODEL] });
    const own = await rig.issueKey();
    await pod.control.refuse();
    const answers = await Promise.all(Array.from({ length: 40 }, () => chat({}, { as: own.secret })));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    await pod.control.accept();
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
    const rows = await rig.rowsOf(own.keyId);
    expect(rows.map((row) => [row.outcome, row.pod_id])).toEqual(Array(40).fill(["completed", otherId]));
    await setPod(rig, rig.podId, { state: "serving", state_reason: null });

    // It took the call and broke off: nobody knows what it did with it.
    other.control.fail({ mode: "reset" });
    pod.control.fail({ mode: "reset" });
    const broken = await chat();
    expect(broken.status).toBe(502);
    const id = broken.headers.get("x-request-id") ?? "";
    expect([pod, other].filter(({ ledger }) => ledger.find(id) !== undefined)).toHaveLength(1);
    pod.control.heal();
    await setPod(rig, otherId, { removed_at: new Date() });
    await other.close();
  });

  test("a pod that is killed and comes back fails no call that may wait for it", async () => {
    await setPod(rig, rig.podId, { hold_seconds: 30 });
    let isOver = false;
    await expect.poll(async () => (await chat()).status, { interval: 200 }).toBe(200);
    await pod.control.refuse();
    const running = traffic(6, () => isOver);
    await expect.poll(() => rig.gateway.stats().waiting).toBe(6);
    await pod.control.accept();
    isOver = true;
    const { total, bad } = await running;
    expect([total, bad]).toEqual([6, []]);
    await setPod(rig, rig.podId, { hold_seconds: null });
  });

  test("the waiting room: told how long it was, counted as running, free when its client leaves, over after its time", async () => {
    const own = await rig.issueKey({ limits: { concurrency: 1 } });
    const set = (columns: object) => setPod(rig, rig.podId, { state_since: new Date(), ...columns });
    pod.control.set({ state: "loading" });
    await set({ state: "loading", state_reason: "loading", hold_seconds: 60 });
    const left = new AbortController();
    const leaver = chat({}, { as: own.secret, signal: left.signal }).catch(() => null);
    await expect.poll(() => rig.gateway.stats().waiting).toBe(1);
    expect((await chat({}, { as: own.secret })).status).toBe(429);
    left.abort();
    await leaver;
    await expect.poll(() => rig.gateway.stats().waiting).toBe(0);

    const waits = chat({}, { as: own.secret });
    await expect.poll(() => rig.gateway.stats().waiting).toBe(1);
    await sleep(300);
    pod.control.set({ state: "ready" });
    const answer = await waits;
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get("x-podpass-queue-ms"))).toBeGreaterThan(250);
    await answer.arrayBuffer();
    const rows = await rig.rowsOf(own.keyId);
    expect(rows.map(({ outcome }) => outcome)).toEqual(["client_closed", "rejected", "completed"]);
    expect(String(rows[2]?.queue_ms)).toBe(answer.headers.get("x-podpass-queue-ms"));

    pod.control.set({ state: "loading" });
    await set({ state: "loading", state_reason: "loading", hold_seconds: 1 });
    const late = await chat({}, { as: own.secret });
    expect([late.status, late.headers.get("x-podpass-pod-state")]).toEqual([503, "loading"]);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await late.json()).error.message).toMatch(/still loading its model/);
    await set({ hold_seconds: null });
    pod.control.set({ state: "ready" });
    await expect.poll(async () => (await chat()).status, { interval: 200 }).toBe(200);
  });

  test.each([
    ["asleep", null, /asleep/],
    ["unreachable", "refused_here", /cannot be reached/],
    ["refusing_key", "wrong_key", /refuses Podpass' own key/],
    ["failing", "no_tokens", /produces no tokens/],
  ])("while its pod is %s a call is 503 with the state, a time and a sentence", async (state, reason, sentence) => {
    const isAway = state === "asleep" || state === "unreachable";
    if (isAway) await pod.control.refuse();
    if (state === "refusing_key") pod.control.set({ keys: ["another"] });
    await setPod(rig, rig.podId, { state, state_reason: reason, state_since: new Date() });
    const answer = await chat();
    if (isAway) await pod.control.accept();
    pod.control.set({ keys: [SECOND_KEY] });
    await setPod(rig, rig.podId, { state: "serving", state_reason: null });
    const { error } = await answer.json();
    expect([answer.status, error.code]).toEqual([503, "pod_unavailable"]);
    expect(answer.headers.get("x-podpass-pod-state")).toBe(state);
    expect(error.message).toMatch(sentence);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("the models of a pod that calls wake or wait for are listed while it is away, and of no other", async () => {
    const listed = async () => {
      const answer = await fetch(`${rig.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
      return answer.status === 200 ? (await answer.json()).data : answer.status;
    };
    await pod.control.refuse();
    await setPod(rig, rig.podId, { state: "asleep", state_since: new Date() });
    expect(await listed()).toBe(503);
    await rig.database.query("INSERT INTO pod_powers (pod_id, wake_when_called_at) VALUES ($1, now())", [rig.podId]);
    await rig.gateway.refresh();
    expect(await listed()).toEqual([
      { id: MODEL, object: "model", created: expect.any(Number), owned_by: expect.any(String) },
    ]);
    await rig.database.query("DELETE FROM pod_powers WHERE pod_id = $1", [rig.podId]);
    await setPod(rig, rig.podId, { state: "loading", state_reason: "loading", hold_seconds: 60 });
    expect(await listed()).toMatchObject([{ id: MODEL }]);
    await setPod(rig, rig.podId, { state: "serving", state_reason: null, hold_seconds: null });
    await pod.control.accept();
  });

  test("a named affinity meets one pod's cache while there is room, and spreads when there isn't", async () => {
    const other = await startSimulator({ keys: ["other-key"], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 2 });
    const otherId = await addRigPod(rig, other.url, { key: "other-key", models: [MODEL] });
    const podsOf = async (headers: Record<string, string>, fields: object = {}, count = 12) => {
      const own = await rig.issueKey();
      for (let i = 0; i < count; i += 1) await (await chat(fields, { as: own.secret, headers })).arrayBuffer();
      return new Set((await rig.rowsOf(own.keyId)).map((row) => row.pod_id));
    };
    const seen = new Set<string | null>();
    for (const name of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const met = await podsOf({ "x-podpass-affinity": name }, {}, 3);
      expect(met.size).toBe(1);
      for (const id of met) seen.add(id);
    }
    expect(seen).toEqual(new Set([rig.podId, otherId]));
    const talk = [
      { role: "system", content: "You are terse." },
      { role: "user", content: "Which river is the longest?" },
    ];
    const longer = [...talk, { role: "assistant", content: "The Nile." }, { role: "user", content: "And then?" }];
    const prefix = { "x-podpass-affinity": "prefix" };
    expect(await podsOf(prefix, { messages: talk }, 3)).toEqual(await podsOf(prefix, { messages: longer }, 3));
    await setPod(rig, otherId, { removed_at: new Date() });
    await other.close();
  });
});

describe("beside another pod", { timeout: 60_000 }, () => {
  let [pod, other]: Simulator[] = [];
  let rig: GatewayRig;
  let otherId: string;
  let secret: string;
  let probe: PodProbe;
  let aheadMs = 0;

  beforeAll(async () => {
    const options = { models: [MODEL], tokensPerSecond: 2_000, ttftMs: 2 };
    pod = await startSimulator({ ...options, keys: [FIRST_KEY] });
    other = await startSimulator({ ...options, keys: [SECOND_KEY] });
    // The probe's clock can be put forward: it asks for a token only now and then.
    probe = createPodProbe({ now: () => new Date(Date.now() + aheadMs) });
    const waits = { firstByteMs: 1_000 };
    rig = await startGatewayRig("socket", pod.url, FIRST_KEY, [MODEL], undefined, {}, waits, probe);
    otherId = await addRigPod(rig, other.url, { key: SECOND_KEY, models: [MODEL] });
    secret = (await rig.issueKey()).secret;
  });

  afterAll(async () => {
    await rig?.stop();
    await Promise.all([pod?.close(), other?.close()]);
  });

  const chat = (fields: object = {}, as = secret) =>
    fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${as}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: "user", content: "Rivers." }],
        max_tokens: 8,
        ...fields,
      }),
    });

  test("a pod that is slow gets fewer calls than one that isn't", async () => {
    const own = await rig.issueKey();
    pod?.control.set({ ttftMs: 400 });
    const call = async (left: number): Promise<void> => {
      await (await chat({}, own.secret)).arrayBuffer();
      if (left > 1) await call(left - 1);
    };
    await Promise.all(Array.from({ length: 6 }, () => call(10)));
    pod?.control.set({ ttftMs: 2 });
    const rows = await rig.rowsOf(own.keyId);
    const fast = rows.filter(({ pod_id }) => pod_id === otherId).length;
    expect(rows.every(({ outcome }) => outcome === "completed")).toBe(true);
    expect(fast).toBeGreaterThan(36);
  });

  test("a pod that fails every call at once does not draw them all to it, and is met again when it has recovered", async () => {
    pod?.control.fail({ mode: "error-500", path: "/v1/chat/completions" });
    const statuses: number[] = [];
    for (let i = 0; i < 60; i += 1) {
      const answer = await chat();
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
    const failed = statuses.filter((status) => status === 502).length;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(20);
    pod?.control.heal();
    const own = await rig.issueKey();
    const metBoth = async () => {
      await (await chat({}, own.secret)).arrayBuffer();
      return new Set((await rig.rowsOf(own.keyId)).map((row) => row.pod_id)).size;
    };
    await expect.poll(metBoth, { timeout: 30_000, interval: 100 }).toBe(2);
  });

  test.each(["error-500", "hang"] as const)(
    "a pod that answers its health but no call (%s) is left out once a probe has proven it",
    async (mode) => {
      const state = () => rig.gateway.stats().pods.map((known) => known.state);
      await expect.poll(state, { timeout: 20_000 }).toEqual(["serving", "serving"]);
      // What a probe asks for hangs in neither case: its deadline is none of this test.
      pod?.control.fail({ mode, path: "/v1/chat/completions" }, { mode: "error-500", path: "/v1/completions" });
      const met = await Promise.all(Array.from({ length: 6 }, () => chat()));
      expect(met.filter(({ status }) => status === (mode === "hang" ? 504 : 502)).length).toBeGreaterThan(0);
      const isFailing = async () => {
        aheadMs += 16_000;
        await probe();
        await rig.gateway.refresh();
        return state();
      };
      await expect.poll(isFailing, { timeout: 40_000, interval: 100 }).toEqual(["failing", "serving"]);
      const after = await Promise.all(Array.from({ length: 20 }, () => chat()));
      expect(after.map(({ status }) => status)).toEqual(Array(20).fill(200));
      pod?.control.heal();
      await expect.poll(isFailing, { timeout: 40_000, interval: 100 }).toEqual(["serving", "serving"]);
    },
  );
});
