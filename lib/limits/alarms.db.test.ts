import { afterAll, beforeAll, expect, test } from "vitest";
import { gatewayFigures } from "@/lib/operations/gateway-figures";
import { gatewayWarnings } from "@/lib/operations/gateway-reasons";
import { createOperations } from "@/lib/operations/operations";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";
import { createRedis, redisProgram } from "@/test/rig/redis";
import { readLimitsTroubles } from "./queries";
import { TROUBLE_WORDS } from "./standing";

// When limits are not what people were told, operators hear of it without looking for it: readiness, metrics, dashboard.

const MODEL = "simulated-llama-8b";
const SOON = { interval: 200 };

let pod: Simulator;
beforeAll(async () => {
  pod = await startSimulator({ models: [MODEL], tokensPerSecond: 500, ttftMs: 1 });
});
afterAll(() => pod.close());

type Rig = Awaited<ReturnType<typeof startGatewayRig>>;

const start = (settings: Record<string, string> = {}) =>
  startGatewayRig("node", pod.url, "key", [MODEL], undefined, settings, { countReplicasMs: 100 });

async function readyz({ gateway }: Rig) {
  const answer = createOperations({
    unreadiness: async () => [],
    warnings: () => gatewayWarnings(gateway.stats()),
    exposition: async () => ({ text: "", contentType: "" }),
    metricsToken: undefined,
    publicUrl: "http://localhost",
    newId: () => "id",
  });
  const { status, body } = await answer({ method: "GET", path: "/readyz", headers: {}, peerIp: null });
  return [status, JSON.parse(body.toString())];
}

function figuresOf({ gateway }: Rig) {
  const figures = gatewayFigures(gateway.stats());
  const value = (name: string) => figures.find((figure) => figure.name === name)?.values[0]?.value;
  return { shared: value("podpass_limits_shared"), away: value("podpass_redis_away") };
}

const READY = [200, { status: "ok" }];
const warned = (trouble: keyof typeof TROUBLE_WORDS) => [200, { status: "ok", warnings: [TROUBLE_WORDS[trouble]] }];

test("a second replica without Redis is told everywhere, and no longer once it has gone", async () => {
  const first = await start();
  expect([await readyz(first), figuresOf(first)]).toEqual([READY, { shared: 1, away: 0 }]);
  const second = await start();
  for (const rig of [first, second]) {
    await expect.poll(() => readyz(rig), SOON).toEqual(warned("not_shared"));
    expect(figuresOf(rig)).toEqual({ shared: 0, away: 0 });
  }
  await expect.poll(readLimitsTroubles, SOON).toEqual(["not_shared"]);
  await second.stop();
  await expect.poll(() => readyz(first), SOON).toEqual(READY);
  await expect.poll(readLimitsTroubles, SOON).toEqual([]);
  await first.stop();
});

test.skipIf(redisProgram === null)(
  "Redis away is told within seconds without any traffic, and taken back when it returns",
  async () => {
    const redis = await createRedis();
    await redis.start();
    const rigs = [await start({ REDIS_URL: redis.url }), await start({ REDIS_URL: redis.url })];
    for (const rig of rigs) expect([await readyz(rig), figuresOf(rig)]).toEqual([READY, { shared: 1, away: 0 }]);
    await redis.stop();
    for (const rig of rigs) {
      await expect.poll(() => readyz(rig), SOON).toEqual(warned("redis_away"));
      expect(figuresOf(rig)).toEqual({ shared: 0, away: 1 });
    }
    await expect.poll(readLimitsTroubles, SOON).toEqual(["redis_away"]);
    await redis.start();
    for (const rig of rigs) await expect.poll(() => readyz(rig), SOON).toEqual(READY);
    await expect.poll(readLimitsTroubles, SOON).toEqual([]);
    for (const rig of rigs) await rig.stop();
    await redis.stop();
  },
  60_000,
);
