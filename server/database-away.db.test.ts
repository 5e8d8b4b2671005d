import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { env } from "@/lib/env";
import { mintSecret } from "@/lib/keys/secret";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { createKeySeeds } from "@/test/rig/key-seeds";
import { startOwnPostgres } from "@/test/rig/own-postgres";
import { isBuilt, type Replica, startReplica } from "@/test/rig/replica";
import { watchStalls } from "@/test/rig/stalls";
import { rollupsAndEvents } from "@/test/usage/consistency";
import { startFaultyProxy } from "@/test/usage/faulty-proxy";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";
const ANSWERED_WITHIN_MS = 15_000;
const NOTICED_WITHIN_MS = 10_000;
/** Facts serve for five seconds; a call may have been let in on them a moment before its answer left. */
const FACTS_MS = 5_000;
const stalls = watchStalls();
afterAll(stalls.stop);

const trial = test.skipIf(!isBuilt || process.platform !== "linux");

// A PostgreSQL that really stands still and really dies, a replica in a process of its own, and callers who never stop.
let postgres: Awaited<ReturnType<typeof startOwnPostgres>>;
let proxy: Awaited<ReturnType<typeof startFaultyProxy>>;
let database: pg.Pool;
let pod: Simulator;
let replica: Replica;
let key: { memberId: string; secret: string };
let seeds: ReturnType<typeof createKeySeeds>;

beforeAll(async () => {
  if (!isBuilt || process.platform !== "linux") return;
  postgres = await startOwnPostgres();
  proxy = await startFaultyProxy(postgres.url);
  database = new pg.Pool({ connectionString: postgres.url, max: 4 });
  database.on("error", () => undefined);
  seeds = createKeySeeds(database, env.PODPASS_SECRET);
  pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 20, ttftMs: 5, ledgerSize: 20_000 });
  await seeds.addPod(pod.url, POD_KEY, [MODEL]);
  key = await seeds.issueKey();
  replica = await startReplica({ databaseUrl: proxy.url });
}, 90_000);

afterAll(async () => {
  await replica?.dispose();
  await pod?.close();
  await database?.end();
  await proxy?.stop();
  await postgres?.close();
});

type Answered = { requestId: string; askedAt: number; answeredAt: number; status: number; isWhole: boolean };

function chat(secret: string, body: object) {
  return fetch(`${replica.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Rivers." }], ...body }),
  });
}

async function ask(body: object): Promise<Answered> {
  const askedAt = performance.now();
  const answer = await chat(key.secret, body);
  const answeredAt = performance.now();
  const text = await answer.text();
  const isWhole = !("stream" in body) || /data: \[DONE\]\s*$/.test(text);
  return { requestId: answer.headers.get("x-request-id") ?? "", askedAt, answeredAt, status: answer.status, isWhole };
}

/** Short calls without end, a few at a time, and looks at both health paths meanwhile. */
function startCallers() {
  let isOver = false;
  const answered: Answered[] = [];
  const health: { at: number; seenAt: number; ready: number; alive: number }[] = [];
  const callers = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      answered.push(await ask({ max_tokens: 1 }));
      await sleep(40);
    }
  });
  const looking = (async () => {
    while (!isOver) {
      const at = performance.now();
      const statuses = await Promise.all(
        ["readyz", "healthz"].map(async (path) => (await fetch(`${replica.url}/${path}`)).status),
      );
      health.push({ at, seenAt: performance.now(), ready: statuses[0] ?? 0, alive: statuses[1] ?? 0 });
      await sleep(100);
    }
  })();
  return {
    answered,
    health,
    async stop() {
      isOver = true;
      await Promise.all([...callers, looking]);
    },
  };
}

type Callers = ReturnType<typeof startCallers>;

/** From `at` on: how long until readiness was seen as `ready`; NaN if it never was. */
function untilReadiness({ health }: Callers, ready: number, at: number) {
  const seen = health.find((look) => look.at >= at && look.ready === ready);
  return seen === undefined ? Number.NaN : stalls.awakeMs(at, seen.seenAt);
}

const untilServed = ({ answered }: Callers, at: number) => {
  const first = answered.find((call) => call.askedAt >= at && call.status === 200);
  return first === undefined ? Number.NaN : stalls.awakeMs(at, first.answeredAt);
};

/** What has to hold of an outage from `from` to `to`, over for certain at `overAt`, once service was seen again. */
function expectBorne(callers: Callers, from: number, to: number, overAt = to) {
  const during = callers.answered.filter(({ askedAt }) => askedAt >= from && askedAt < to);
  expect(during.length).toBeGreaterThan(10);
  expect(new Set(callers.answered.map(({ status }) => status))).toEqual(new Set([200, 503]));
  const took = callers.answered.map(({ askedAt, answeredAt }) => stalls.awakeMs(askedAt, answeredAt));
  expect(Math.max(...took)).toBeLessThan(ANSWERED_WITHIN_MS);
  const tooOld = during.filter(({ askedAt, status }) => status === 200 && askedAt - from > FACTS_MS);
  expect(tooOld.filter(({ answeredAt }) => answeredAt < to)).toEqual([]);
  expect(untilReadiness(callers, 503, from)).toBeLessThan(NOTICED_WITHIN_MS);
  expect(untilReadiness(callers, 200, overAt)).toBeLessThan(NOTICED_WITHIN_MS);
  expect(untilServed(callers, overAt)).toBeLessThan(NOTICED_WITHIN_MS);
  expect(new Set(callers.health.map(({ alive }) => alive))).toEqual(new Set([200]));
}

const untilServedAgain = (callers: Callers, at: number) =>
  expect
    .poll(() => !Number.isNaN(untilServed(callers, at)) && !Number.isNaN(untilReadiness(callers, 200, at)), {
      timeout: 60_000,
    })
    .toBe(true);

/** Each call that was answered has one row, and nothing else has. */
async function expectRowsOf(answered: Answered[]) {
  const served = answered.filter(({ status }) => status === 200).map(({ requestId }) => requestId);
  const rows = async () => {
    const { rows: found } = await database.query<{ request_id: string }>(
      "SELECT request_id FROM usage_events WHERE member_id = $1 AND outcome = 'completed' ORDER BY request_id",
      [key.memberId],
    );
    return found.map((row) => row.request_id);
  };
  await expect.poll(async () => (await rows()).length).toBe(served.length);
  expect(await rows()).toEqual(served.sort());
  const { rollups, events } = await rollupsAndEvents(database, key.memberId);
  expect(rollups).toEqual(events);
}

trial(
  "a PostgreSQL that stands still, dies, and loses its answers: calls are answered, and rows land once",
  async () => {
    const all: Answered[] = [];
    // Under way all the time: what was let in before goes on.
    const streams = Array.from({ length: 4 }, (_, n) =>
      ask({ stream: true, max_tokens: 300 + 20 * n, ignore_eos: true }),
    );

    const standing = startCallers();
    await sleep(1_500);
    postgres.stand();
    const stoodAt = performance.now();
    await sleep(8_500);
    // Well formed, and nobody can say that it is unknown.
    const stranger = await chat(mintSecret(), { max_tokens: 1 });
    expect(stranger.status).toBe(503);
    await stranger.arrayBuffer();
    const wentOnAt = performance.now();
    postgres.goOn();
    await untilServedAgain(standing, wentOnAt);
    await standing.stop();
    expectBorne(standing, stoodAt, wentOnAt);
    all.push(...standing.answered);

    const dying = startCallers();
    await sleep(1_000);
    await postgres.kill();
    const diedAt = performance.now();
    await sleep(7_000);
    const restartedAt = performance.now();
    await postgres.restart();
    const cameBackAt = performance.now();
    await untilServedAgain(dying, cameBackAt);
    await dying.stop();
    expectBorne(dying, diedAt, restartedAt, cameBackAt);
    all.push(...dying.answered);

    // What was asked of the database is done, and nobody hears that it was.
    const unheard = startCallers();
    await sleep(1_000);
    proxy.fail("mute");
    await sleep(2_500);
    proxy.fail("pass");
    const heardAt = performance.now();
    await untilServedAgain(unheard, heardAt);
    await unheard.stop();
    expect(untilServed(unheard, heardAt)).toBeLessThan(NOTICED_WITHIN_MS);
    all.push(...unheard.answered);

    const streamed = await Promise.all(streams);
    expect(streamed.map(({ status, isWhole }) => [status, isWhole])).toEqual(Array(4).fill([200, true]));
    await expectRowsOf([...all, ...streamed]);
  },
  120_000,
);
