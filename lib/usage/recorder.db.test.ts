import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { watchStalls } from "@/test/rig/stalls";
import { migrateInOwnProcess } from "@/test/setup/postgres-server";
import { rollupsAndEvents } from "@/test/usage/consistency";
import { startFaultyProxy } from "@/test/usage/faulty-proxy";
import { openingOf, randomEvent } from "@/test/usage/random-event";
import { closePostgres, postgres } from "../postgres";
import { heartbeat, writeEvents } from "./mutations";
import { createRecorder, type Recorder } from "./recorder";

const databaseUrl = process.env.DATABASE_URL ?? "";
const silent = { error: () => undefined, warn: () => undefined, info: () => undefined };
const started: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});
const stalls = watchStalls();
afterAll(stalls.stop);
afterAll(closePostgres);

type Options = Partial<Parameters<typeof createRecorder>[0]>;

function recorderIn(journalDir: string, options: Options = {}): Recorder {
  const recorder = createRecorder({ journalDir, databaseUrl, log: silent, beatEveryMs: 200, ...options });
  started.push(() => recorder.close(200));
  return recorder;
}

function newJournalDir() {
  const folder = mkdtempSync(join(tmpdir(), "podpass-journal-"));
  started.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function proxied() {
  const proxy = await startFaultyProxy(databaseUrl);
  started.push(() => proxy.stop());
  return proxy;
}

async function outcomesOf(memberId: string): Promise<string[]> {
  const { rows } = await postgres().query<{ outcome: string }>(
    "SELECT outcome FROM usage_events WHERE member_id = $1 ORDER BY outcome",
    [memberId],
  );
  return rows.map(({ outcome }) => outcome);
}

async function expectRollupsToBeTheSum(memberId: string) {
  const { rollups, events } = await rollupsAndEvents(postgres(), memberId);
  expect(rollups).toEqual(events);
}

const eventsOf = (memberId: string, count: number) => Array.from({ length: count }, () => randomEvent({ memberId }));

/** Opens and ends them all. */
async function record(recorder: Recorder, events: ReturnType<typeof eventsOf>) {
  await Promise.all(events.map((event) => recorder.open(openingOf(event))));
  for (const event of events) recorder.final(event);
}

test("what is opened and ended becomes one row each, and the journal goes with a recorder that closes in order", async () => {
  const [journalDir, memberId] = [newJournalDir(), randomUUID()];
  const recorder = recorderIn(journalDir);
  await record(recorder, eventsOf(memberId, 2_500));
  recorder.final(randomEvent({ memberId, outcome: "rejected", status: 429 }));
  await recorder.flush();
  expect(await outcomesOf(memberId)).toEqual([...Array(2_500).fill("completed"), "rejected"]);
  await expectRollupsToBeTheSum(memberId);
  await recorder.close();
  expect(readdirSync(journalDir)).toEqual([]);
});

test("a request shows as open while it runs", async () => {
  const recorder = recorderIn(newJournalDir());
  const event = randomEvent();
  await recorder.open(openingOf(event));
  await recorder.flush();
  expect(await outcomesOf(event.memberId)).toEqual(["open"]);
  recorder.final(event);
  await recorder.flush();
  expect(await outcomesOf(event.memberId)).toEqual(["completed"]);
});

test.each(["refuse", "hang"] as const)(
  "a database that is away (%s): requests go on, their rows land later, once",
  async (way) => {
    const [proxy, memberId] = [await proxied(), randomUUID()];
    const recorder = recorderIn(newJournalDir(), { databaseUrl: proxy.url });
    await record(recorder, eventsOf(memberId, 10));
    await recorder.flush();
    proxy.fail(way);
    await record(recorder, eventsOf(memberId, 1_500));
    await sleep(700);
    expect(recorder.canRecord()).toBe(true);
    expect(await outcomesOf(memberId)).toHaveLength(10);
    proxy.fail("pass");
    const back = performance.now();
    await recorder.flush();
    expect(stalls.awakeMs(back)).toBeLessThan(10_000);
    expect(await outcomesOf(memberId)).toEqual(Array(1_510).fill("completed"));
    await expectRollupsToBeTheSum(memberId);
  },
);

test("a commit whose answer is lost is sent again and changes nothing", async () => {
  const [proxy, memberId] = [await proxied(), randomUUID()];
  const recorder = recorderIn(newJournalDir(), { databaseUrl: proxy.url });
  await record(recorder, eventsOf(memberId, 5));
  await recorder.flush();
  proxy.fail("mute");
  await record(recorder, eventsOf(memberId, 20));
  await vi.waitFor(() => expect(recorder.stats().failures).toBeGreaterThan(1), 30_000);
  proxy.fail("pass");
  await recorder.flush();
  expect(await outcomesOf(memberId)).toHaveLength(25);
  await expectRollupsToBeTheSum(memberId);
});

test("backends that are terminated under load cost no row", async () => {
  const memberId = randomUUID();
  const recorder = recorderIn(newJournalDir());
  for (let round = 0; round < 10; round += 1) {
    await record(recorder, eventsOf(memberId, 300));
    const flushed = recorder.flush();
    await postgres().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'podpass usage' AND datname = current_database()",
    );
    await flushed;
  }
  expect(await outcomesOf(memberId)).toEqual(Array(3_000).fill("completed"));
  await expectRollupsToBeTheSum(memberId);
});

test("a row the database will never take is set aside and holds up no other", async () => {
  const [journalDir, memberId] = [newJournalDir(), randomUUID()];
  const recorder = recorderIn(journalDir);
  const bad = { ...randomEvent({ memberId }), secretId: "not-an-id" };
  await record(recorder, [...eventsOf(memberId, 20), bad, ...eventsOf(memberId, 20)]);
  await recorder.flush();
  expect(await outcomesOf(memberId)).toHaveLength(40);
  expect(readFileSync(join(journalDir, "refused.jsonl"), "utf8")).toContain(bad.requestId);
});

test("a full disk refuses new requests, keeps the ends of those under way, and is used again once there is room", async () => {
  const memberId = randomUUID();
  let isFull = false;
  const recorder = recorderIn(newJournalDir(), { writeFile: fillable(() => isFull) });
  const underWay = eventsOf(memberId, 5);
  await Promise.all(underWay.map((event) => recorder.open(openingOf(event))));
  isFull = true;
  const refused = randomEvent({ memberId });
  await expect(recorder.open(openingOf(refused))).rejects.toMatchObject({ code: "usage_unavailable" });
  expect(recorder.canRecord()).toBe(false);
  await expect(recorder.open(openingOf(refused))).rejects.toMatchObject({ code: "usage_unavailable" });
  for (const event of underWay) recorder.final(event);
  await recorder.flush();
  expect(await outcomesOf(memberId)).toEqual(Array(5).fill("completed"));
  isFull = false;
  await vi.waitFor(() => expect(recorder.canRecord()).toBe(true), 30_000);
  await record(recorder, eventsOf(memberId, 5));
  await recorder.flush();
  expect(await outcomesOf(memberId)).toEqual(Array(10).fill("completed"));
  await expectRollupsToBeTheSum(memberId);
});

test("a full journal refuses new requests until rows have landed", async () => {
  const [proxy, memberId] = [await proxied(), randomUUID()];
  proxy.fail("refuse");
  const recorder = recorderIn(newJournalDir(), { databaseUrl: proxy.url, journalBytes: 20_000 });
  let taken = 0;
  while (recorder.canRecord()) {
    await record(recorder, eventsOf(memberId, 1));
    taken += 1;
  }
  expect(taken).toBeGreaterThan(20);
  await expect(recorder.open(openingOf(randomEvent()))).rejects.toMatchObject({ code: "usage_unavailable" });
  proxy.fail("pass");
  await recorder.flush();
  expect(recorder.canRecord()).toBe(true);
  expect(await outcomesOf(memberId)).toEqual(Array(taken).fill("completed"));
});

test("closed while the database is away, a recorder leaves its journal to the next one", async () => {
  const [journalDir, proxy, memberId] = [newJournalDir(), await proxied(), randomUUID()];
  proxy.fail("refuse");
  const child = writeInChild(journalDir, proxy.url, memberId, 50);
  await child.acknowledged(50);
  child.process.kill("SIGTERM");
  await once(child.process, "exit");
  expect(await outcomesOf(memberId)).toEqual([]);
  recorderIn(journalDir);
  await vi.waitFor(async () => expect(await outcomesOf(memberId)).toHaveLength(50), 30_000);
});

test("kill -9 loses nothing: ended requests keep their end, the others are closed as lost, all within seconds", async () => {
  const [journalDir, proxy, memberId] = [newJournalDir(), await proxied(), randomUUID()];
  proxy.fail("refuse");
  const child = writeInChild(journalDir, proxy.url, memberId, 1_000_000);
  await child.acknowledged(1_000);
  const neighbour = recorderIn(journalDir);
  await sleep(500);
  expect(await outcomesOf(memberId), "a living process's journal is its own").toEqual([]);
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  await vi.waitFor(
    () => expect(readdirSync(journalDir).filter((name) => !name.startsWith(neighbour.replicaId))).toEqual([]),
    30_000,
  );

  const { rows } = await postgres().query<{ request_id: string; outcome: string }>(
    "SELECT request_id, outcome FROM usage_events WHERE member_id = $1",
    [memberId],
  );
  const outcomes = new Map(rows.map((row) => [row.request_id, row.outcome]));
  for (const id of child.read("opened")) expect(outcomes.has(id), `opened ${id}`).toBe(true);
  for (const id of child.read("ended")) expect(outcomes.get(id)).toBe("completed");
  expect(new Set(outcomes.values())).toEqual(new Set(["completed", "lost"]));
  await expectRollupsToBeTheSum(memberId);
});

test("two starting replicas fight over a dead one's journal, and its rows count once", async () => {
  const [journalDir, memberId] = [newJournalDir(), randomUUID()];
  const proxy = await proxied();
  proxy.fail("refuse");
  const child = writeInChild(journalDir, proxy.url, memberId, 500);
  await child.acknowledged(500);
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  for (let n = 0; n < 4; n += 1) recorderIn(journalDir, { beatEveryMs: 50 });
  await vi.waitFor(async () => expect(await outcomesOf(memberId)).toHaveLength(500), 30_000);
  await vi.waitFor(() => expect(readdirSync(journalDir).filter((name) => name.includes("~"))).toEqual([]), 30_000);
  await expectRollupsToBeTheSum(memberId);
});

test("what a silent replica of another machine left open is closed as lost; a living one's requests run on", async () => {
  const own = await ownDatabase();
  const [dead, alive] = [randomUUID(), randomUUID()];
  for (const id of [dead, alive]) {
    await heartbeat(own.pool, id, "elsewhere");
    await writeEvents(own.pool, id, [openingOf(randomEvent())]);
  }
  const beating = setInterval(() => void heartbeat(own.pool, alive, "elsewhere"), 100);
  started.push(async () => clearInterval(beating));
  recorderIn(newJournalDir(), { databaseUrl: own.url, silentMs: 2_000, beatEveryMs: 100 });
  const outcomes = async () =>
    Object.fromEntries(
      (await own.pool.query("SELECT replica_id, outcome FROM usage_events")).rows.map((row) => [
        row.replica_id,
        row.outcome,
      ]),
    );
  await vi.waitFor(async () => expect(await outcomes()).toEqual({ [dead]: "lost", [alive]: "open" }), 40_000);
}, 60_000);

/** A database no other test looks at: silence is judged over all replicas of one. */
async function ownDatabase() {
  const name = `podpass_silence_${randomUUID().replaceAll("-", "")}`;
  await postgres().query(`CREATE DATABASE ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  await migrateInOwnProcess(url.href, new URL("../../", import.meta.url));
  const pool = new pg.Pool({ connectionString: url.href });
  pool.on("error", () => undefined);
  started.push(async () => {
    await pool.end();
    await postgres().query(`DROP DATABASE ${name} WITH (FORCE)`);
  });
  return { url: url.href, pool };
}

/** `writeSync`, until the disk is full: then a part of the text goes in and an error comes out. */
function fillable(isFull: () => boolean) {
  return (file: number, text: Uint8Array) => {
    if (!isFull()) return writeSync(file, text);
    writeSync(file, text.subarray(0, text.length >> 1));
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
}

/** A process that opens requests one after the other, ends every second of them, and keeps a ledger of what was acknowledged. */
function writeInChild(journalDir: string, url: string, memberId: string, count: number) {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const ledger = join(newJournalDir(), "ledger");
  const child = spawn(process.execPath, ["--import", "tsx", "test/usage/write-until-killed.ts"], {
    cwd: root,
    env: {
      ...process.env,
      JOURNAL_DIR: journalDir,
      DATABASE_URL: url,
      MEMBER_ID: memberId,
      COUNT: String(count),
      LEDGER: ledger,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  started.push(async () => child.kill("SIGKILL"));
  const read = (what: "opened" | "ended") => {
    const lines = existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : [];
    return lines.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length + 1));
  };
  return {
    process: child,
    read,
    /** Waits until so many opens were acknowledged. */
    acknowledged: (least: number) =>
      vi.waitFor(() => expect(read("opened").length).toBeGreaterThanOrEqual(least), 30_000),
  };
}
