import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";
import { createRedis, redisProgram } from "@/test/rig/redis";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";

// Two gateways over one PostgreSQL and one Redis: what holds for one key holds for both together.
let pod: Simulator;
let redis: Awaited<ReturnType<typeof createRedis>>;
let rigs: Awaited<ReturnType<typeof startGatewayRig>>[] = [];

beforeAll(async () => {
  if (redisProgram === null) return;
  redis = await createRedis();
  await redis.start();
  pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 500, ttftMs: 5, control: true });
  for (let i = 0; i < 2; i += 1) {
    rigs = [...rigs, await startGatewayRig("node", pod.url, POD_KEY, [MODEL], undefined, { REDIS_URL: redis.url })];
  }
  // The second rig took the first one's pod away: both have the second's.
  await rigs[0]?.gateway.refresh();
}, 60_000);

afterAll(async () => {
  for (const rig of rigs) await rig.stop();
  await pod?.close();
  await redis?.stop();
});

const first = () => {
  const [rig] = rigs;
  if (rig === undefined) throw new Error("no gateway was started");
  return rig;
};

const chat = (index: number, secret: string, body: object = {}, signal?: AbortSignal) =>
  fetch(`${rigs[index % 2]?.url}/v1/chat/completions`, {
    method: "POST",
    signal: signal ?? null,
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Rivers." }], max_tokens: 3, ...body }),
  });

async function passed(count: number, secret: string, body: object = {}) {
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const answer = await chat(index, secret, body);
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  return answers.filter((status) => status === 200).length;
}

test.skipIf(redisProgram === null)("a burst over both lets exactly the limit through", async () => {
  const key = await first().issueKey({ limits: { rpm: 20 } });
  expect(await passed(100, key.secret)).toBe(20);
});

test.skipIf(redisProgram === null)("places are shared, and come back when clients leave", async () => {
  const key = await first().issueKey({ limits: { concurrency: 4 } });
  const left = new AbortController();
  const long = { max_tokens: 20_000, ignore_eos: true, stream: true };
  const held: Response[] = []; // an answer that nobody holds is given up by the collector
  for (const index of [0, 1, 2, 3]) held.push(await chat(index, key.secret, long, left.signal));
  expect(await passed(6, key.secret)).toBe(0);
  expect(held.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  left.abort();
  await expect.poll(() => passed(4, key.secret), { timeout: 10_000 }).toBe(4);
});

test.skipIf(redisProgram === null)("of twenty calls at a budget's edge one gets in", async () => {
  const key = await first().issueKey({ limits: { monthlyTokens: 50 } });
  expect(await passed(20, key.secret, { max_tokens: 50, ignore_eos: true })).toBe(1);
});

test.skipIf(redisProgram === null)(
  "Redis away and back: never unlimited meanwhile, and exact again without a restart",
  async () => {
    await redis.stop();
    const key = await first().issueKey({ limits: { rpm: 20 } });
    const meanwhile = await passed(100, key.secret);
    expect(meanwhile).toBeGreaterThan(0);
    expect(meanwhile).toBeLessThanOrEqual(40);
    expect(rigs.map(({ gateway }) => gateway.stats().limits.isRedisAway)).toEqual([true, true]);
    await redis.start();
    await expect
      .poll(
        async () => {
          const other = await first().issueKey({ limits: { rpm: 20 } });
          return passed(60, other.secret);
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(20);
  },
);
