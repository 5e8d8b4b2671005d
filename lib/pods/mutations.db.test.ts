import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { type Actor, asProven } from "../auth/member";
import { db } from "../db";
import { AppError } from "../errors";
import {
  addPod,
  editPod,
  forgetPreviousKeys,
  pausePod,
  recordPodState,
  removePod,
  replacePodKey,
  resumePod,
  testPod,
} from "./mutations";
import { getPod, listPods, podStates, servedModels, storedPodKey } from "./queries";
import { addPodSchema, editPodSchema } from "./schema";

const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const admin: Actor = { kind: "member", memberId: asProven(randomUUID()), role: "ADMIN", ip: null, requestId: "test" };
const member: Actor = { ...admin, role: "MEMBER" };

const newPod = (fields: object = {}) =>
  addPod(admin, addPodSchema.parse({ name: randomUUID(), baseUrl: "http://10.0.0.5:8000/v1", ...fields }), now);

const auditOf = (targetId: string) => db.auditEvent.findMany({ where: { targetId }, orderBy: { id: "asc" } });

/** How a call was refused. */
async function refusal(call: () => Promise<unknown>) {
  try {
    await call();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "accepted";
}

const edit = (podId: string, fields: object) =>
  editPod(admin, editPodSchema.parse({ podId, name: podId, baseUrl: "http://10.0.0.5:8000", ...fields }), later(1_000));

describe("a new pod", () => {
  test("keeps its key sealed, and shows only that there is one", async () => {
    const { podId } = await newPod({ apiKey: "pod-key-1", hourlyUsd: "0.78", weight: "2" });
    const pod = await getPod(admin, podId);
    expect(pod).toMatchObject({
      baseUrl: "http://10.0.0.5:8000",
      hasKey: true,
      hourlyMicroUsd: 780_000,
      weight: 2,
      maxInFlight: null,
      state: "unknown",
    });
    const stored = { baseUrl: "http://10.0.0.5:8000", apiKey: "pod-key-1", previousKey: null };
    expect(await storedPodKey(podId)).toEqual(stored);
    const { sealedKey } = await db.pod.findUniqueOrThrow({ where: { id: podId }, omit: { sealedKey: false } });
    expect(Buffer.from(sealedKey ?? []).includes("pod-key-1")).toBe(false);
    const everything = JSON.stringify([pod, await listPods(admin), await auditOf(podId)]);
    expect(everything).not.toMatch(/pod-key-1|sealed/);
    expect(await auditOf(podId)).toMatchObject([{ action: "pod.add", targetKind: "pod", after: { hasKey: true } }]);
  });

  test("takes a name that no other pod has, and a removed pod's name", async () => {
    const name = randomUUID();
    const { podId } = await newPod({ name });
    expect(await refusal(() => newPod({ name }))).toBe("conflict");
    await removePod(admin, { podId }, now);
    expect(await refusal(() => newPod({ name }))).toBe("accepted");
  });

  test("never lives at a metadata service", async () => {
    expect(await refusal(() => newPod({ baseUrl: "http://169.254.169.254" }))).toBe("invalid_request");
    expect(addPodSchema.safeParse({ name: "x", baseUrl: "ftp://gpu" }).success).toBe(false);
    expect(addPodSchema.safeParse({ name: "x", baseUrl: "http://gpu", apiKey: "a\r\nb" }).success).toBe(false);
    expect(addPodSchema.safeParse({ name: "x", baseUrl: "http://gpu", weight: 101 }).success).toBe(false);
  });
});

describe("a changed pod", () => {
  test("keeps its key at its address, and loses it at another unless one is typed", async () => {
    const { podId } = await newPod({ apiKey: "pod-key-1" });
    expect(await edit(podId, { hourlyUsd: "1", apiKey: "" })).toEqual({ keyDropped: false });
    expect((await storedPodKey(podId)).apiKey).toBe("pod-key-1");
    expect(await edit(podId, { baseUrl: "http://evil.example" })).toEqual({ keyDropped: true });
    expect((await storedPodKey(podId)).apiKey).toBeNull();
    await edit(podId, { baseUrl: "http://10.0.0.6:8000", apiKey: "pod-key-2" });
    expect((await storedPodKey(podId)).apiKey).toBe("pod-key-2");
    expect((await auditOf(podId)).slice(1)).toMatchObject([
      { action: "pod.edit", before: { hourlyMicroUsd: null }, after: { hourlyMicroUsd: 1_000_000 } },
      { before: { baseUrl: "http://10.0.0.5:8000" }, after: { baseUrl: "http://evil.example", key: "dropped" } },
      { after: { baseUrl: "http://10.0.0.6:8000", key: "replaced" } },
    ]);
  });

  test("is one that nobody has looked at, if its address changed", async () => {
    const { podId } = await newPod();
    const health = { state: "serving", since: now, reason: null, leaning: null } as const;
    const model = randomUUID();
    const seen = { podId, health, models: [model], lastSeenAt: now };
    await recordPodState({ ...seen, baseUrl: "http://10.0.0.5:8000" });
    expect(await servedModels()).toContain(model);
    await edit(podId, { baseUrl: "http://10.0.0.6:8000" });
    await recordPodState({ ...seen, baseUrl: "http://10.0.0.5:8000" });
    expect(await getPod(admin, podId)).toMatchObject({ state: "unknown", models: [] });
  });

  test("shows everybody how long calls wait for it, and whether they wake it", async () => {
    const { podId } = await newPod({ holdSeconds: "90" });
    const sight = async () => (await podStates(now)).find(({ id }) => id === podId);
    const set = (state: string, stateReason: string | null, stateSince = now) =>
      db.pod.update({ where: { id: podId }, data: { state, stateReason, stateSince } });
    await set("unreachable", "refused");
    expect(await sight()).toMatchObject({ waitSeconds: 90, isWokenByCalls: false });
    await set("unreachable", "refused", later(-16 * 60_000));
    expect(await sight()).toMatchObject({ waitSeconds: 0, isWokenByCalls: false });
    await set("asleep", null);
    expect(await sight()).toMatchObject({ waitSeconds: 0, isWokenByCalls: false });
    await db.podPower.create({ data: { podId, wakeWhenCalledAt: now } });
    expect(await sight()).toMatchObject({ waitSeconds: 90, isWokenByCalls: true });
    expect(await sight()).not.toHaveProperty("baseUrl");
  });

  test("allows and forbids what a pod may be asked", async () => {
    const { podId } = await newPod();
    await edit(podId, { patternsAllowed: "on", remoteMediaForbidden: true });
    expect(await getPod(admin, podId)).toMatchObject({
      patternsAllowedAt: later(1_000),
      remoteMediaForbiddenAt: later(1_000),
    });
    await edit(podId, { patternsAllowed: false });
    expect(await getPod(admin, podId)).toMatchObject({ patternsAllowedAt: null, remoteMediaForbiddenAt: later(1_000) });
  });
});

describe("another key", () => {
  const keys = async (podId: string) => {
    const { apiKey, previousKey } = await storedPodKey(podId);
    return [apiKey, previousKey];
  };

  test("leaves the one before beside it for a day", async () => {
    const { podId } = await newPod({ apiKey: "pod-key-1" });
    await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, now);
    expect(await keys(podId)).toEqual(["pod-key-2", "pod-key-1"]);
    expect(await getPod(admin, podId)).toMatchObject({ triesBothKeys: true, keyChangedAt: now });
    expect(JSON.stringify(await listPods(admin))).not.toMatch(/pod-key-|sealed/i);
    await forgetPreviousKeys(later(24 * 3_600_000));
    expect(await keys(podId)).toEqual(["pod-key-2", "pod-key-1"]);
    await forgetPreviousKeys(later(24 * 3_600_000 + 1));
    expect(await keys(podId)).toEqual(["pod-key-2", null]);
  });

  test("typed once more, or beside the same address, is what it was", async () => {
    const { podId } = await newPod({ apiKey: "pod-key-1" });
    await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, now);
    await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, later(5_000));
    expect(await keys(podId)).toEqual(["pod-key-2", "pod-key-1"]);
    await edit(podId, { apiKey: "pod-key-3" });
    expect(await keys(podId)).toEqual(["pod-key-3", "pod-key-2"]);
  });

  test("and the one before never go to another address", async () => {
    const { podId } = await newPod({ apiKey: "pod-key-1" });
    await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, now);
    await edit(podId, { baseUrl: "http://10.0.0.7", apiKey: "pod-key-3" });
    expect(await keys(podId)).toEqual(["pod-key-3", null]);
    await replacePodKey(admin, { podId, apiKey: "pod-key-4" }, now);
    await edit(podId, { baseUrl: "http://10.0.0.8" });
    expect(await keys(podId)).toEqual([null, null]);
  });
});

test("a waiting room and an impatient proxy are set, kept and taken away", async () => {
  const { podId } = await newPod({ holdSeconds: "120", behindProxy: "on" });
  expect(await getPod(admin, podId)).toMatchObject({ holdSeconds: 120, behindProxyAt: now });
  await edit(podId, {});
  expect(await getPod(admin, podId)).toMatchObject({ holdSeconds: 120, behindProxyAt: now });
  await edit(podId, { holdSeconds: "0", behindProxy: "off" });
  expect(await getPod(admin, podId)).toMatchObject({ holdSeconds: null, behindProxyAt: null });
  expect(addPodSchema.safeParse({ name: "x", baseUrl: "http://x", holdSeconds: "601" }).success).toBe(false);
});

test("pausing, resuming, another key and removing leave one audit row each", async () => {
  const { podId } = await newPod({ apiKey: "pod-key-1" });
  await pausePod(admin, { podId }, now);
  await pausePod(admin, { podId }, now);
  expect((await getPod(admin, podId)).pausedAt).toEqual(now);
  await resumePod(admin, { podId }, now);
  await replacePodKey(admin, { podId, apiKey: "pod-key-2" }, now);
  await removePod(admin, { podId }, now);
  expect(await refusal(() => removePod(admin, { podId }, now))).toBe("not_found");
  const actions = (await auditOf(podId)).map(({ action }) => action);
  expect(actions).toEqual(["pod.add", "pod.pause", "pod.resume", "pod.replace_key", "pod.remove"]);
  const removed = await db.pod.findUniqueOrThrow({ where: { id: podId }, omit: { sealedKey: false } });
  expect(removed).toMatchObject({ removedAt: now, sealedKey: null });
});

test("a member sees states and models, and neither addresses nor settings", async () => {
  const { podId } = await newPod({ apiKey: "pod-key-1" });
  const edit = editPodSchema.parse({ podId, name: "gpu", baseUrl: "http://10.0.0.6" });
  const attempts = [
    () => listPods(member),
    () => getPod(member, podId),
    () => addPod(member, addPodSchema.parse({ name: "x", baseUrl: "http://x" }), now),
    () => editPod(member, edit, now),
    () => replacePodKey(member, { podId, apiKey: "x" }, now),
    () => pausePod(member, { podId }, now),
    () => resumePod(member, { podId }, now),
    () => removePod(member, { podId }, now),
    () => testPod(member, { podId, baseUrl: "http://10.0.0.5:8000" }),
  ];
  for (const attempt of attempts) expect(await refusal(attempt)).toBe("forbidden");
  const states = await podStates(now);
  expect(states).toContainEqual(expect.objectContaining({ id: podId, state: "unknown" }));
  expect(JSON.stringify(states)).not.toMatch(/10\.0\.0\.5|sealed/);
});

describe("with a pod that answers", () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const body = request.url === "/health" ? "" : JSON.stringify({ data: [{ id: "llama" }] });
    response.writeHead(200).end(body);
  }).listen(0, "127.0.0.1");
  const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  afterAll(() => void server.close());

  test("the stored key is used only for the address it was stored for", async () => {
    const { podId } = await newPod({ baseUrl: "http://10.0.0.5:8000", apiKey: "pod-key-1" });
    asked.length = 0;
    expect(await testPod(admin, { podId, baseUrl: baseUrl() })).toMatchObject({ ok: true });
    expect(asked).toEqual([undefined, undefined]);
    const { podId: ours } = await newPod({ baseUrl: baseUrl(), apiKey: "pod-key-1" });
    await testPod(admin, { podId: ours, baseUrl: baseUrl() });
    await testPod(admin, { podId: ours, baseUrl: baseUrl(), apiKey: "typed" });
    expect(asked.slice(2)).toEqual(["Bearer pod-key-1", "Bearer pod-key-1", "Bearer typed", "Bearer typed"]);
  });

  test("a key that was mistyped does not push out the one that works when it is corrected", async () => {
    const strict = createServer((request, response) => {
      const isOpen = request.url === "/health" || request.headers.authorization === "Bearer works";
      response.writeHead(isOpen ? 200 : 401).end(JSON.stringify({ data: [{ id: "llama" }] }));
    });
    await new Promise<void>((resolve) => strict.listen(0, "127.0.0.1", resolve));
    const { podId } = await newPod({
      baseUrl: `http://127.0.0.1:${(strict.address() as AddressInfo).port}`,
      apiKey: "works",
    });
    await replacePodKey(admin, { podId, apiKey: "mistyped" }, now);
    await replacePodKey(admin, { podId, apiKey: "comes-later" }, now);
    expect(await storedPodKey(podId)).toMatchObject({ apiKey: "comes-later", previousKey: "works" });
    strict.close();
  });
});
