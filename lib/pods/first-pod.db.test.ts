import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "../auth/member";

const { db } = await import("../db");
const { addPod, ensureFirstPod, removePod } = await import("./mutations");
const { createPodProbe } = await import("./probe");
const { getPod, listPods, needsSimulatedPod, servedModels, storedPodKey } = await import("./queries");

const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const admin: Actor = { kind: "system", memberId: null, role: "OWNER", ip: null, requestId: "test" };

beforeEach(async () => {
  await db.pod.deleteMany();
});

describe("the first pod", () => {
  const given = { baseUrl: "http://10.0.0.9:8000/v1", apiKey: "pod-key-1" };
  const simulated = (port: number) => ({ simulated: { port, key: "simulated-key" } });

  test("is added once, however many processes start", async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureFirstPod(given, now)));
    expect(await listPods(admin)).toMatchObject([{ name: "pod", baseUrl: "http://10.0.0.9:8000", hasKey: true }]);
    expect(await needsSimulatedPod()).toBe(false);
  });

  test("at RunPod's address is marked as behind its proxy, unless somebody says otherwise", async () => {
    const baseUrl = "https://abc123-8000.proxy.runpod.net";
    await ensureFirstPod({ baseUrl, apiKey: "pod-key-1" }, now);
    await addPod(admin, { name: "direct", baseUrl, behindProxy: false }, now);
    await addPod(admin, { name: "elsewhere", baseUrl: "http://10.0.0.9:8000" }, now);
    const marks = (await listPods(admin)).map(({ name, behindProxyAt }) => [name, behindProxyAt !== null]);
    expect(Object.fromEntries(marks)).toEqual({ pod: true, direct: false, elsewhere: false });
  });

  test("that people changed or removed is not brought back", async () => {
    const first = await ensureFirstPod(given, now);
    await removePod(admin, { podId: first?.podId ?? "" }, now);
    expect(await ensureFirstPod(given, now)).toBeNull();
    expect(await listPods(admin)).toEqual([]);
  });

  test("is simulated while there is no other, and follows its port", async () => {
    expect(await needsSimulatedPod()).toBe(true);
    const first = await ensureFirstPod(simulated(4001), now);
    const second = await ensureFirstPod(simulated(4002), later(1_000));
    expect(second).toEqual(first);
    expect(await needsSimulatedPod()).toBe(true);
    expect(await listPods(admin)).toMatchObject([{ baseUrl: "http://127.0.0.1:4002", simulatedAt: now, hasKey: true }]);
    expect((await storedPodKey(first?.podId ?? "")).apiKey).toBe("simulated-key");
    await addPod(admin, { name: "pod", baseUrl: "http://10.0.0.9:8000" }, later(2_000));
    expect(await listPods(admin)).toMatchObject([{ name: "pod", simulatedAt: null }]);
    expect(await ensureFirstPod(simulated(4003), later(3_000))).toBeNull();
  });
});

describe("a probe", () => {
  let status = 200;
  const server = createServer((request, response) => {
    const body = request.url === "/health" ? "" : JSON.stringify({ data: [{ id: "llama" }] });
    response.writeHead(request.url === "/health" ? status : 200).end(body);
  }).listen(0, "127.0.0.1");
  afterAll(() => void server.close());

  test("notes state, models and when a pod was seen, and changes its mind after two failures", async () => {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { podId } = await addPod(admin, { name: "gpu", baseUrl }, now);
    let at = now;
    const probe = createPodProbe({ now: () => at });
    await probe();
    const serving = { state: "serving", stateSince: now, models: ["llama"], lastSeenAt: now };
    expect(await getPod(admin, podId)).toMatchObject(serving);
    status = 503;
    at = later(5_000);
    await probe();
    expect(await getPod(admin, podId)).toMatchObject(serving);
    at = later(10_000);
    await probe();
    expect(await getPod(admin, podId)).toMatchObject({
      state: "failing",
      stateReason: "engine_dead",
      stateSince: later(10_000),
      models: ["llama"],
      lastSeenAt: now,
    });
    expect(await servedModels()).toEqual([]);
  });
});
