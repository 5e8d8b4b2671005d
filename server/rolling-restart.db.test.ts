import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PodpassServer, startPodpass } from "@/e2e/podpass-server";
import { env } from "@/lib/env";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startBalancer } from "@/test/rig/balancer";
import { createKeySeeds } from "@/test/rig/key-seeds";
import { createRedis, redisProgram } from "@/test/rig/redis";
import { isBuilt, isWholeBuilt } from "@/test/rig/replica";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";
const TOKENS = 60;
const trial = test.skipIf(!isBuilt || !isWholeBuilt || redisProgram === null);

const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4 });
const seeds = createKeySeeds(database, env.PODPASS_SECRET);
let pod: Simulator;
let redis: Awaited<ReturnType<typeof createRedis>>;
let servers: PodpassServer[] = [];

beforeAll(async () => {
  if (!isBuilt || !isWholeBuilt || redisProgram === null) return;
  pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 50, ttftMs: 10, ledgerSize: 50_000 });
  redis = await createRedis();
  await redis.start();
  await seeds.addPod(pod.url, POD_KEY, [MODEL]);
  servers = [await startServer()];
  servers.push(await startServer());
}, 120_000);

afterAll(async () => {
  // At once: a balancer that was asking until now would be waited for.
  for (const server of servers) {
    await server.end("SIGKILL");
    await server.dispose();
  }
  await pod?.close();
  await redis?.stop();
  await database.end();
});

/** The whole of `npm start` on the shared database, once more where a port and a folder are given. */
function startServer(again: { port?: number; dataDir?: string } = {}) {
  const { DATABASE_URL = "", PODPASS_SECRET = "" } = process.env;
  return startPodpass({
    ...again,
    env: { DATABASE_URL, PODPASS_SECRET, REDIS_URL: redis.url, VLLM_BASE_URL: pod.url, VLLM_API_KEY: POD_KEY },
  });
}

type Answered = { requestId: string; isStreamed: boolean; problem: string | null };

/** Calls one after the other until told to stop; every third on a connection of its own. */
async function call(url: string, secret: string, isStreamed: boolean, isOver: () => boolean, answered: Answered[]) {
  for (let n = 0; !isOver(); n += 1) {
    const headers: Record<string, string> = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    if (n % 3 === 0) headers.connection = "close";
    const messages = [{ role: "user", content: "Rivers." }];
    const body = { model: MODEL, messages, stream: isStreamed, max_tokens: isStreamed ? TOKENS : 3, ignore_eos: true };
    let requestId = "";
    let problem: string | null = null;
    try {
      const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
      requestId = answer.headers.get("x-request-id") ?? "";
      const text = await answer.text();
      if (answer.status !== 200) problem = `${answer.status} ${text}`;
      else if (isStreamed && !/data: \[DONE\]\s*$/.test(text)) problem = text.slice(-200);
    } catch (error) {
      problem = String(error instanceof Error ? (error.cause ?? error) : error);
    }
    answered.push({ requestId, isStreamed, problem });
    if (!isStreamed) await sleep(20);
  }
}

trial(
  "two replicas are restarted one after the other under load: no call fails, and the rows are those answered",
  async () => {
    const balancer = await startBalancer(servers.map(({ port }) => port));
    const key = await seeds.issueKey();
    const answered: Answered[] = [];
    let isOver = false;
    const load = Array.from({ length: 12 }, (_, n) =>
      call(balancer.url, key.secret, n % 2 === 0, () => isOver, answered),
    );
    await sleep(2_000);
    for (const [index, server] of servers.entries()) {
      const before = answered.length;
      expect(await server.end("SIGTERM")).toBe(0);
      servers[index] = await startServer(server);
      await expect.poll(() => balancer.ready().length, { timeout: 60_000 }).toBe(2);
      expect(answered.length).toBeGreaterThan(before);
      await sleep(1_000);
    }
    isOver = true;
    await Promise.all(load);
    await balancer.close();

    expect(answered.filter(({ problem }) => problem !== null)).toEqual([]);
    const ids = answered.map(({ requestId }) => requestId).sort();
    expect(new Set(ids).size).toBe(ids.length);
    const rows = async () => {
      const { rows: found } = await database.query<Row>(
        "SELECT request_id, outcome, streamed, completion_tokens FROM usage_events WHERE key_id = $1 ORDER BY request_id",
        [key.keyId],
      );
      return found;
    };
    await expect.poll(async () => (await rows()).filter(({ outcome }) => outcome !== "open").length).toBe(ids.length);
    const found = await rows();
    expect(found.map((row) => row.request_id)).toEqual(ids);
    expect(
      new Set(found.map((row) => `${row.outcome} ${row.streamed ? "stream" : "whole"} ${row.completion_tokens}`)),
    ).toEqual(new Set([`completed stream ${TOKENS}`, "completed whole 3"]));
  },
  180_000,
);

type Row = { request_id: string; outcome: string; streamed: boolean; completion_tokens: number };
