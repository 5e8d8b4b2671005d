import { randomUUID } from "node:crypto";
import { afterAll, beforeEach, expect, test } from "vitest";
import { openingOf, randomEvent } from "@/test/usage/random-event";
import { closePostgres, postgres } from "../../postgres";
import type { UsageEvent } from "../event";
import { closeLost, keepHouse, writeEvents } from "../mutations";
import { removeExpired } from "./mutations";

afterAll(closePostgres);

const DAY = 86_400_000;
const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);
const daysAgo = (days: number) => Date.now() - days * DAY;

beforeEach(async () => {
  await postgres().query("DELETE FROM usage_events");
  await postgres().query("DELETE FROM usage_rollups");
  await postgres().query("UPDATE usage_retentions SET kept_from = NULL");
  await keepFor(30);
});

const keepFor = (days: number) => postgres().query("UPDATE policies SET event_retention_days = $1", [days]);

/** As half a minute later: everybody has heard of the bound. */
const settle = () => postgres().query("UPDATE usage_retentions SET moved_at = now() - interval '1 minute'");

/** Both steps, with the wait between them taken out. */
async function remove(rowsAtOnce?: number) {
  await settle();
  const first = await removeExpired(postgres(), { rowsAtOnce });
  await settle();
  const second = await removeExpired(postgres(), { rowsAtOnce });
  return { partitions: (first?.partitions ?? 0) + (second?.partitions ?? 0), events: second?.events };
}

const count = async (table: string) =>
  Number((await postgres().query<{ rows: string }>(`SELECT count(*) AS rows FROM ${table}`)).rows[0]?.rows);

async function audits() {
  const { rows } = await postgres().query<{ actor_kind: string; after: Record<string, unknown> }>(
    "SELECT actor_kind, after FROM audit_events WHERE action = 'usage.remove_old' ORDER BY at, id",
  );
  return rows;
}

test("requests older than the policy keeps them go, by whole days; totals and everything newer stay", async () => {
  const before = (await audits()).length;
  await write(...[200, 90, 32].map((days) => randomEvent({ atMs: daysAgo(days) })));
  const kept = [29, 1, 0].map((days) => randomEvent({ atMs: daysAgo(days) }));
  await write(...kept);
  await remove();
  const { rows } = await postgres().query<{ request_id: string }>("SELECT request_id FROM usage_events ORDER BY at");
  expect(rows.map((row) => row.request_id)).toEqual(kept.map((event) => event.requestId));
  expect(await count("usage_rollups")).toBe(6);
  const [audit, ...more] = (await audits()).slice(before);
  expect(more).toEqual([]);
  expect(audit).toMatchObject({ actor_kind: "system", after: { requestsRemoved: 3, eventRetentionDays: 30 } });
  expect(new Date(String(audit?.after.keptFrom)).getTime() % DAY).toBe(0);
});

test("nothing to remove leaves no trace", async () => {
  const before = (await audits()).length;
  await write(randomEvent());
  expect(await remove()).toEqual({ partitions: 0, events: 0 });
  expect(await audits()).toHaveLength(before);
});

test("however many there are, they go a batch at a time", async () => {
  await write(...Array.from({ length: 57 }, (_, n) => randomEvent({ atMs: daysAgo(60) + n })));
  expect(await remove(10)).toMatchObject({ events: 57 });
  expect(await count("usage_events")).toBe(0);
});

test("a replay brings nothing back that was removed, and counts nothing twice", async () => {
  const events = Array.from({ length: 5 }, () => randomEvent({ atMs: daysAgo(40) }));
  await write(...events);
  const totals = async () => (await postgres().query("SELECT * FROM usage_rollups ORDER BY key_id")).rows;
  const counted = await totals();
  await remove();
  expect(await write(...events)).toBe(0);
  expect(await count("usage_events")).toBe(0);
  expect(await totals()).toEqual(counted);
});

test("rows wait until every batch that began before the bound was moved has ended", async () => {
  await write(randomEvent({ atMs: daysAgo(40) }));
  await removeExpired(postgres());
  expect(await removeExpired(postgres())).toEqual({ partitions: 0, events: 0 });
  expect(await count("usage_events")).toBe(1);
});

test("a policy that keeps them for longer moves no bound back", async () => {
  await remove();
  await keepFor(365);
  const old = randomEvent({ atMs: daysAgo(100) });
  await settle();
  await removeExpired(postgres());
  expect(await write(old)).toBe(0);
});

test("a month that is over for good goes in one piece, and is not made again", async () => {
  await postgres().query("SELECT ensure_usage_partitions(now() - interval '6 months', now() - interval '2 months')");
  await write(...Array.from({ length: 20 }, (_, n) => randomEvent({ atMs: daysAgo(70 + n) })));
  const { partitions } = await remove();
  expect(partitions).toBeGreaterThanOrEqual(4);
  expect(await count("usage_events")).toBe(0);
  await keepFor(1);
  await remove();
  await keepHouse(postgres());
  const { rows } = await postgres().query<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'usage_events'::regclass ORDER BY name",
  );
  const month = new Date(daysAgo(1)).toISOString().slice(0, 7).replace("-", "_");
  expect(rows[0]?.name).toBe(`usage_events_${month}`);
});

test("a row that is still open is closed first", async () => {
  const [replicaId, event] = [randomUUID(), randomEvent({ atMs: daysAgo(60) })];
  await writeEvents(postgres(), replicaId, [openingOf(event)]);
  await remove();
  expect(await count("usage_events")).toBe(1);
  await closeLost(postgres(), [replicaId]);
  await removeExpired(postgres());
  expect(await count("usage_events")).toBe(0);
});

test("a month that somebody reads right now is left for the next round", async () => {
  await postgres().query("SELECT ensure_usage_partitions(now() - interval '4 months', now() - interval '4 months')");
  const reader = await postgres().connect();
  try {
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM usage_events");
    expect((await remove()).partitions).toBe(0);
  } finally {
    await reader.query("COMMIT");
    reader.release();
  }
  expect((await removeExpired(postgres()))?.partitions).toBeGreaterThanOrEqual(1);
});

test("one replica at a time", async () => {
  const other = await postgres().connect();
  try {
    await other.query("SELECT pg_advisory_lock(hashtext('podpass/usage-retention'))");
    expect(await removeExpired(postgres())).toBeNull();
  } finally {
    await other.query("SELECT pg_advisory_unlock(hashtext('podpass/usage-retention'))");
    other.release();
  }
  expect(await removeExpired(postgres())).not.toBeNull();
});
