import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_LIMITS } from "@/lib/keys/limits";
import { createStandingsLine } from "@/lib/limits/standings-line";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";
import { type GatewayWorkers, startGatewayWorkers } from "./gateway-workers";

const MODEL = "simulated-llama-8b";
const isBuilt = existsSync(new URL("../dist/gateway-worker.js", import.meta.url));

let pod: Simulator;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;
let workers: GatewayWorkers;
let dataDir: string;
let url: string;

beforeAll(async () => {
  if (!isBuilt) return;
  pod = await startSimulator({ keys: ["pod-key"], models: [MODEL], tokensPerSecond: 500, ttftMs: 5, control: true });
  rig = await startGatewayRig("node", pod.url, "pod-key", [MODEL]);
  dataDir = await mkdtemp(join(tmpdir(), "podpass-workers-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const environment = { ...process.env, PORT: String(port), WEB_CONCURRENCY: "2", PODPASS_DATA_DIR: dataDir };
  workers = await startGatewayWorkers(2, environment, () => ({ type: "next", port: null }));
});

afterAll(async () => {
  await workers?.kill();
  await rig?.stop();
  await pod?.close();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
});

async function freePort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** On a connection of its own: the system gives each to one worker or the other. */
const chat = (secret: string, body: object = {}, signal?: AbortSignal) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    signal: signal ?? null,
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Rivers." }], max_tokens: 3, ...body }),
  });

test.skipIf(!isBuilt)("two workers let exactly one limit through together", async () => {
  const key = await rig.issueKey({ limits: { rpm: 20 } });
  const answers = await Promise.all(Array.from({ length: 100 }, () => chat(key.secret)));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(80);
});

test.skipIf(!isBuilt)(
  "whichever worker is asked tells how a key stands with both, streams that run included",
  async () => {
    const own = { rpm: 20, concurrency: 4 };
    const limits = { ...NO_LIMITS, ...own };
    const key = await rig.issueKey({ limits: own });
    const line = createStandingsLine((wanted) => workers.askStandings(wanted, (told) => line.hear(told)));
    const standing = async () => (await line.ask([{ kind: "key", id: key.keyId, ownerId: key.memberId, limits }]))?.[0];
    expect(await standing()).toMatchObject({ requests: 0, inFlight: 0 });
    const left = new AbortController();
    const streams = await Promise.all(
      [1, 2, 3].map(() => chat(key.secret, { max_tokens: 20_000, ignore_eos: true, stream: true }, left.signal)),
    );
    for (let calls = 0; calls < 4; calls += 1) await (await chat(key.secret)).arrayBuffer();
    expect(await standing()).toMatchObject({ requests: 7, inFlight: 3 });
    left.abort();
    await Promise.allSettled(streams.map((stream) => stream.text()));
    await expect.poll(async () => (await standing())?.inFlight).toBe(0);
    expect((await standing())?.requests).toBe(7);
  },
);

test.skipIf(!isBuilt)("what a killed worker held is free again, and no more than that", async () => {
  const key = await rig.issueKey({ limits: { concurrency: 4 } });
  const left = new AbortController();
  const held: Response[] = []; // an answer that nobody holds is given up by the collector
  const stream = async () => {
    const answer = await chat(key.secret, { max_tokens: 20_000, ignore_eos: true, stream: true }, left.signal);
    held.push(answer);
    return answer.status;
  };
  for (let i = 0; i < 4; i += 1) expect(await stream()).toBe(200);
  expect(await stream()).toBe(429);
  Object.values(cluster.workers ?? {})[0]?.process.kill("SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const survived = pod.load().running;
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) statuses.push(await stream());
  expect(statuses.filter((status) => status === 200)).toHaveLength(4 - survived);
  expect(held).toHaveLength(11);
  left.abort();
});
