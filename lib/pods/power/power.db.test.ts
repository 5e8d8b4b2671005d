import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPodProbe } from "@/lib/pods/probe";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { type GatewayRig, startGatewayRig } from "@/test/rig/gateway";
import { startHookServer } from "@/test/rig/hook-server";
import { setPod } from "@/test/rig/pods";
import { type Actor, asProven } from "../../auth/member";
import { db } from "../../db";
import { AppError } from "../../errors";
import { log } from "../../log";
import { getPod } from "../queries";
import { openPowerKeeper } from "./keeper";
import { editPower, keepAwake } from "./mutations";
import { podPowers } from "./queries";
import { editPowerSchema } from "./schema";
import { sleepPod, stopIdle, wakeForCall, wakePod } from "./switch";

const MODEL = "simulated-llama-8b";
const TOKEN = "rpa_never-to-be-seen";
const admin: Actor = { kind: "member", memberId: asProven(randomUUID()), role: "ADMIN", ip: null, requestId: "test" };
const MINUTE = 60_000;

let pod: Simulator;
let rig: GatewayRig;
let hooks: Awaited<ReturnType<typeof startHookServer>>;
/** What the hook server does instead of what is asked. */
let mishap: ((response: import("node:http").ServerResponse) => void) | null = null;
let secret: string;
let isUp = true;

/** The machine is started or stopped, as often as somebody asks. */
async function turn(on: boolean) {
  if (isUp === on) return;
  isUp = on;
  await (on ? pod.control.accept() : pod.control.refuse());
}

beforeAll(async () => {
  pod = await startSimulator({ keys: ["pod-key"], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 2 });
  rig = await startGatewayRig("socket", pod.url, "pod-key", [MODEL], undefined, {}, {}, createPodProbe());
  hooks = await startHookServer(async ({ path }, response) => {
    if (mishap !== null) return mishap(response);
    await turn(path.endsWith("/start"));
    response.end("{}");
  });
  secret = (await rig.issueKey()).secret;
  await setHooks({ wakeWhenCalled: true, stopAfterMinutes: 30 });
});

afterAll(async () => {
  await rig?.stop();
  await pod?.close();
  await hooks?.close();
});

const hook = (verb: string, url = hooks.url) => ({
  url: `${url}/v1/pods/abc/${verb}`,
  headers: { Authorization: `Bearer ${TOKEN}` },
  body: { why: verb },
});

const setHooks = (fields: object) =>
  editPower(
    admin,
    editPowerSchema.parse({ podId: rig.podId, start: hook("start"), stop: hook("stop"), ...fields }),
    new Date(),
  );

const chat = (fields: object = {}) =>
  fetch(`${rig.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hello" }], max_tokens: 4, ...fields }),
  });

const stateNow = async () => (await getPod(admin, rig.podId)).state;
const powerNow = async () => (await podPowers(admin, new Date(Date.now() - 86_400_000), new Date())).get(rig.podId);
const actions = async () =>
  (await db.auditEvent.findMany({ where: { targetId: rig.podId }, orderBy: { id: "asc" } })).map(
    ({ action }) => action,
  );

/** The pod serves, and nobody has used it for as long as it takes. */
async function idleFor(minutes: number) {
  const then = new Date(Date.now() - minutes * MINUTE);
  await turn(true);
  mishap = null;
  await rig.database.query("DELETE FROM usage_events WHERE pod_id = $1", [rig.podId]);
  await setPod(rig, rig.podId, { state: "serving", state_reason: null, state_since: then, hold_seconds: null });
  await rig.database.query(
    `UPDATE pod_powers SET used_at = $2, checked_at = now(), stop_after_since = $2, called = NULL, called_at = NULL,
      result = NULL, awake_until = NULL, warned_at = NULL WHERE pod_id = $1`,
    [rig.podId, then],
  );
  hooks.heard.length = 0;
}

describe("putting to sleep and waking", { timeout: 60_000 }, () => {
  test("by hand: the hooks are called as they were typed, and the activity says who did it", async () => {
    await idleFor(0);
    await sleepPod(admin, rig.podId, new Date(), { settleMs: 10 });
    expect(await getPod(admin, rig.podId)).toMatchObject({ state: "asleep" });
    expect(hooks.heard).toEqual([
      { path: "/v1/pods/abc/stop", method: "POST", authorization: `Bearer ${TOKEN}`, body: '{"why":"stop"}' },
    ]);
    await wakePod(admin, rig.podId, new Date());
    expect(["loading", "serving"]).toContain(await stateNow());
    await expect.poll(stateNow, { timeout: 20_000 }).toBe("serving");
    expect((await actions()).slice(-2)).toEqual(["pod.sleep", "pod.wake"]);
    expect((await powerNow())?.asleepHours).toBeGreaterThan(0);
  });

  test("two keepers at once stop an idle pod once", async () => {
    await idleFor(31);
    const stopped = await Promise.all(
      Array.from({ length: 8 }, () => stopIdle(rig.podId, 30, new Date(), { settleMs: 50 })),
    );
    expect(stopped.filter(Boolean)).toHaveLength(1);
    expect(hooks.pathsHeard()).toEqual(["/v1/pods/abc/stop"]);
    expect(await stateNow()).toBe("asleep");
  });

  test("keepers warn, wait while somebody keeps it awake or uses it, and then stop it", async () => {
    await idleFor(27);
    const keepers = [1, 2].map(() => openPowerKeeper({ log, onSwitched: () => undefined, everyMs: 50, settleMs: 200 }));
    try {
      await expect.poll(async () => (await powerNow())?.stopsAt ?? null).not.toBeNull();
      await expect.poll(actions).toContain("pod.sleep_soon");
      expect((await actions()).filter((action) => action === "pod.sleep_soon")).toHaveLength(1);

      await keepAwake(admin, rig.podId, new Date());
      await rig.database.query("UPDATE pod_powers SET used_at = now() - interval '40 minutes'");
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(hooks.heard).toEqual([]);

      // A call that runs, and one that ended just now, keep it awake as well.
      const running = (await chat({ stream: true, max_tokens: 4_000 })).body?.getReader();
      await running?.read();
      await rig.gateway.flush();
      await rig.database.query("UPDATE pod_powers SET awake_until = NULL");
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(hooks.heard).toEqual([]);
      await running?.cancel();
      await rig.gateway.flush();

      await idleFor(31);
      // A keeper that had just looked may note the use before once more.
      const stopped = async () => {
        await rig.database.query("UPDATE pod_powers SET used_at = now() - interval '31 minutes'");
        return hooks.pathsHeard();
      };
      await expect.poll(stopped, { interval: 300 }).toEqual(["/v1/pods/abc/stop"]);
      await expect.poll(async () => (await powerNow())?.last?.result).toBe("done");
      expect(await stateNow()).toBe("asleep");
    } finally {
      for (const keeper of keepers) await keeper.close();
    }
  });

  test("a call that turns up while an idle pod is about to stop keeps it, and is answered", async () => {
    await idleFor(31);
    await setPod(rig, rig.podId, { hold_seconds: 60 });
    const stopping = stopIdle(rig.podId, 30, new Date(), { settleMs: 1_500 });
    await expect.poll(stateNow).toBe("asleep");
    await rig.gateway.refresh();
    const answer = chat();
    expect(await stopping).toBe(false);
    expect((await answer).status).toBe(200);
    expect(hooks.heard).toEqual([]);
  });

  test("calls on a pod that sleeps wake it once, wait and are answered", async () => {
    await idleFor(0);
    await setPod(rig, rig.podId, { hold_seconds: 60 });
    await sleepPod(admin, rig.podId, new Date(), { settleMs: 10 });
    await rig.gateway.refresh();
    hooks.heard.length = 0;
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 6 }, () => chat())),
      // Other replicas are called as well.
      ...Array.from({ length: 6 }, () => wakeForCall(rig.podId, new Date())),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(Number(answers[0]?.headers.get("x-podpass-queue-ms"))).toBeGreaterThan(0);
    expect(hooks.pathsHeard()).toEqual(["/v1/pods/abc/start"]);
  });

  test("without a waiting room the call is told that the pod is being woken; one that is not to be woken stays asleep", async () => {
    await idleFor(0);
    await sleepPod(admin, rig.podId, new Date(), { settleMs: 10 });
    await rig.gateway.refresh();
    hooks.heard.length = 0;
    const answer = await chat();
    expect([answer.status, answer.headers.get("x-podpass-pod-state")]).toEqual([503, "asleep"]);
    expect(await answer.text()).toContain("is being woken");
    await expect.poll(() => hooks.pathsHeard()).toEqual(["/v1/pods/abc/start"]);
    await expect.poll(stateNow, { timeout: 20_000 }).toBe("serving");

    await idleFor(0);
    await editPower(admin, { podId: rig.podId, wakeWhenCalled: false }, new Date());
    await sleepPod(admin, rig.podId, new Date(), { settleMs: 10 });
    await rig.gateway.refresh();
    hooks.heard.length = 0;
    expect(await (await chat()).text()).toContain("an admin has to wake it");
    expect(hooks.heard).toEqual([]);
    await editPower(admin, { podId: rig.podId, wakeWhenCalled: true }, new Date());
  });
});

describe("a hook that goes wrong", { timeout: 60_000 }, () => {
  test.each<[string, (response: import("node:http").ServerResponse) => void, RegExp]>([
    ["refuses", (response) => response.writeHead(401).end(TOKEN), /it answered 401, so its token is not accepted/],
    ["hangs", () => undefined, /did not answer/],
    ["leads to a metadata service", (r) => r.writeHead(302, { location: "http://169.254.169.254/" }).end(), /redirect/],
    ["breaks off", (response) => response.destroy(), /connection broke/],
  ])("one that %s leaves the pod as it is, says why, and shows nothing of itself", async (_, does, words) => {
    await idleFor(0);
    mishap = does;
    const refused = await sleepPod(admin, rig.podId, new Date(), { settleMs: 10, deadlineMs: 400 }).catch((e) => e);
    expect(refused).toBeInstanceOf(AppError);
    expect(refused.message).toMatch(words);
    expect(hooks.heard).toHaveLength(1);
    expect(await stateNow()).toBe("serving");
    expect((await actions()).at(-1)).toBe("pod.sleep_failed");
    const shown = JSON.stringify([await powerNow(), await db.auditEvent.findMany(), refused.message, refused.stack]);
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain("/v1/pods/abc");
  });

  test("is not called again for a call within 30 seconds; the caller is told, and a button may", async () => {
    await idleFor(0);
    await sleepPod(admin, rig.podId, new Date(), { settleMs: 10 });
    mishap = (response) => response.writeHead(500).end();
    hooks.heard.length = 0;
    const now = new Date();
    expect(await wakeForCall(rig.podId, now)).toEqual({ result: "answered", status: 500 });
    expect(await wakeForCall(rig.podId, new Date(now.getTime() + 29_000))).toBeNull();
    await rig.gateway.refresh();
    expect(await (await chat()).text()).toContain("could not be woken");
    expect(hooks.heard).toHaveLength(1);
    await expect(wakePod(admin, rig.podId, new Date())).rejects.toThrow(/it answered 500/);
    expect(await wakeForCall(rig.podId, new Date(Date.now() + 31_000))).toMatchObject({ result: "answered" });
    expect(await stateNow()).toBe("asleep");
  });

  test("its token is sealed in the database, and gone with the pod", async () => {
    const { rows } = await rig.database.query("SELECT * FROM pod_powers WHERE pod_id = $1", [rig.podId]);
    expect(JSON.stringify(rows)).not.toContain(TOKEN);
    expect(Buffer.from(rows[0]?.sealed_start).toString("latin1")).not.toContain(TOKEN);
  });
});

test("nobody but admins sees or touches any of it", async () => {
  const member: Actor = { ...admin, role: "MEMBER" };
  await expect(podPowers(member, new Date(), new Date())).rejects.toThrow(/Only an admin/);
  await expect(wakePod(member, rig.podId, new Date())).rejects.toThrow(/Only an admin/);
  await expect(sleepPod(member, rig.podId, new Date())).rejects.toThrow(/Only an admin/);
  await expect(keepAwake(member, rig.podId, new Date())).rejects.toThrow(/Only an admin/);
  await expect(editPower(member, { podId: rig.podId }, new Date())).rejects.toThrow(/Only an admin/);
});
