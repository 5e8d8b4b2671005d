import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { rollupsAndEvents } from "@/test/usage/consistency";
import { openingOf, progressOf, randomEvent } from "@/test/usage/random-event";
import { closePostgres, postgres } from "../postgres";
import type { UsageEvent } from "./event";
import { binOf } from "./histogram";
import { BIN } from "./mutation-sql";
import { closeLost, findSilent, heartbeat, moveLastUsed, writeEvents } from "./mutations";

afterAll(closePostgres);

const replica = () => randomUUID();
const write = (replicaId: string, ...events: UsageEvent[]) => writeEvents(postgres(), replicaId, events);

async function outcomesOf(memberId: string) {
  const { rows } = await postgres().query<{ outcome: string }>(
    "SELECT outcome FROM usage_events WHERE member_id = $1 ORDER BY request_id",
    [memberId],
  );
  return rows.map(({ outcome }) => outcome);
}

async function expectRollupsToBeTheSum(memberId: string) {
  const { rollups, events } = await rollupsAndEvents(postgres(), memberId);
  expect(rollups).toEqual(events);
}

test("every field of an event reaches its column", async () => {
  const event = randomEvent({
    model: 'quo"te\\back,{brace} NULL',
    errorCode: "NULL",
    outcome: "upstream_error",
    tokenSource: "estimated",
    status: 502,
    streamed: false,
    queueMs: 7,
  });
  const replicaId = replica();
  await write(replicaId, event);
  const { rows } = await postgres().query("SELECT * FROM usage_events WHERE request_id = $1", [event.requestId]);
  expect(rows).toEqual([
    {
      request_id: event.requestId,
      at: new Date(event.atMs),
      key_id: event.keyId,
      secret_id: event.secretId,
      member_id: event.memberId,
      pod_id: event.podId,
      model: event.model,
      route: event.route,
      streamed: false,
      status: 502,
      outcome: "upstream_error",
      token_source: "estimated",
      prompt_tokens: event.promptTokens,
      cached_tokens: event.cachedTokens,
      completion_tokens: event.completionTokens,
      queue_ms: 7,
      ttft_ms: event.ttftMs,
      duration_ms: event.durationMs,
      error_code: "NULL",
      replica_id: replicaId,
    },
  ]);
});

test("an event without pod, model, status or times is a row too", async () => {
  const event = { ...openingOf(randomEvent()), podId: null, model: null, outcome: "rejected", status: 429 } as const;
  await write(replica(), event);
  expect(await outcomesOf(event.memberId)).toEqual(["rejected"]);
  await expectRollupsToBeTheSum(event.memberId);
});

test("what is known of a request that is lost stays, and older news never takes the place of newer", async () => {
  const [event, replicaId] = [randomEvent({ completionTokens: 900 }), replica()];
  const row = async () => {
    const { rows } = await postgres().query(
      "SELECT outcome, token_source, prompt_tokens, completion_tokens FROM usage_events WHERE request_id = $1",
      [event.requestId],
    );
    return rows[0];
  };
  await write(replicaId, openingOf(event));
  await write(replicaId, progressOf(event, 10_000, 400));
  await write(replicaId, progressOf(event, 5_000, 200));
  await write(replicaId, openingOf(event));
  const known = { token_source: "estimated", prompt_tokens: event.promptTokens, completion_tokens: 400 };
  expect(await row()).toEqual({ outcome: "open", ...known });
  await expectRollupsToBeTheSum(event.memberId);
  await closeLost(postgres(), [replicaId]);
  await write(replicaId, progressOf(event, 15_000, 600));
  expect(await row()).toEqual({ outcome: "lost", ...known });
  await expectRollupsToBeTheSum(event.memberId);
  await write(replicaId, event);
  expect(await row()).toMatchObject({ outcome: "completed", token_source: "measured", completion_tokens: 900 });
  await expectRollupsToBeTheSum(event.memberId);
});

test("open, then ended: one row, counted once, however often both are sent again", async () => {
  const [event, replicaId] = [randomEvent(), replica()];
  expect(await write(replicaId, openingOf(event))).toBe(1);
  expect(await outcomesOf(event.memberId)).toEqual(["open"]);
  expect(await write(replicaId, event)).toBe(1);
  for (let again = 0; again < 3; again += 1) {
    expect(await write(replicaId, event)).toBe(0);
    expect(await write(replicaId, openingOf(event))).toBe(0);
    expect(await write(replicaId, { ...event, outcome: "timeout" })).toBe(0);
  }
  expect(await outcomesOf(event.memberId)).toEqual(["completed"]);
  await expectRollupsToBeTheSum(event.memberId);
});

test("two replicas that write the same and each other's groups at once neither deadlock nor count twice", async () => {
  const memberId = randomUUID();
  const keys = [randomUUID(), randomUUID(), randomUUID()];
  const events = Array.from({ length: 300 }, (_, n) => randomEvent({ memberId, keyId: keys[n % 3] as string }));
  const shuffled = (seed: number) =>
    events.toSorted((a, b) => ((a.requestId.charCodeAt(30) * seed) % 7) - ((b.requestId.charCodeAt(30) * seed) % 7));
  const changed = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((seed) => writeEvents(postgres(), replica(), shuffled(seed))),
  );
  expect(changed.reduce((sum, rows) => sum + rows, 0)).toBe(300);
  await expectRollupsToBeTheSum(memberId);
});

test("sums larger than an integer are exact", async () => {
  const memberId = randomUUID();
  const events = Array.from({ length: 10 }, () =>
    randomEvent({ memberId, promptTokens: 1_000_000_000, cachedTokens: 999_999_999, completionTokens: 999_999_997 }),
  );
  await write(replica(), ...events);
  await expectRollupsToBeTheSum(memberId);
});

test("the database puts a duration into the same bin as we do, at every bin's edge", async () => {
  const edges = Array.from({ length: 118 }, (_, bin) => 2 ** (bin / 4)).flatMap((ms) => [
    Math.floor(ms) - 1,
    Math.floor(ms),
    Math.ceil(ms),
    Math.ceil(ms) + 1,
  ]);
  const { rows } = await postgres().query(`SELECT ms, ${BIN("ms")}::int AS bin FROM unnest($1::int[]) AS ms`, [edges]);
  expect(rows).toEqual(edges.map((ms) => ({ ms, bin: binOf(ms) })));
});

test("eight reconcilers at once close each stranded row exactly once", async () => {
  const [memberId, replicaId] = [randomUUID(), replica()];
  const stranded = Array.from({ length: 50 }, () => openingOf(randomEvent({ memberId })));
  const ended = Array.from({ length: 20 }, () => randomEvent({ memberId }));
  await write(replicaId, ...stranded, ...ended);
  const closed = await Promise.all(Array.from({ length: 8 }, () => closeLost(postgres(), [replicaId])));
  expect(closed.reduce((sum, rows) => sum + rows, 0)).toBe(50);
  expect((await outcomesOf(memberId)).filter((outcome) => outcome === "lost")).toHaveLength(50);
  await expectRollupsToBeTheSum(memberId);
});

test("an end that turns up after its row was given up for lost takes its place, rollups included", async () => {
  const [memberId, replicaId] = [randomUUID(), replica()];
  const event = randomEvent({ memberId });
  const opening = {
    ...openingOf(event),
    podId: null,
    model: "asked for another",
    promptTokens: 12,
    tokenSource: "estimated",
  } as const;
  await write(replicaId, opening);
  await closeLost(postgres(), [replicaId]);
  expect(await outcomesOf(memberId)).toEqual(["lost"]);
  await expectRollupsToBeTheSum(memberId);
  const corrected = await Promise.all([write(replicaId, event), write(replicaId, event), write(replicaId, event)]);
  expect(corrected.reduce((sum, rows) => sum + rows, 0)).toBe(1);
  expect(await outcomesOf(memberId)).toEqual(["completed"]);
  await expectRollupsToBeTheSum(memberId);
});

test("a month nobody prepared for takes events too", async () => {
  const memberId = randomUUID();
  await write(replica(), randomEvent({ memberId, atMs: Date.parse("2019-05-31T23:59:59.999Z") }));
  await write(replica(), randomEvent({ memberId, atMs: Date.parse("2041-01-01T00:00:00Z") }));
  expect(await outcomesOf(memberId)).toEqual(["completed", "completed"]);
  await expectRollupsToBeTheSum(memberId);
});

test("a replica is silent once its heartbeat is old, or, without a row of its own, its open request", async () => {
  const [alive, silent, unheard, fresh] = [replica(), replica(), replica(), replica()];
  const old = Date.now() - 120_000;
  for (const id of [alive, silent, unheard]) await write(id, openingOf(randomEvent({ atMs: old })));
  await write(fresh, openingOf(randomEvent()));
  await heartbeat(postgres(), alive, "here");
  await heartbeat(postgres(), silent, "there");
  await postgres().query("UPDATE replicas SET heartbeat_at = now() - interval '61 seconds' WHERE id = $1", [silent]);
  const found = await findSilent(postgres(), 60_000);
  expect(found).toEqual(expect.arrayContaining([silent, unheard]));
  expect(found).not.toContain(alive);
  expect(found).not.toContain(fresh);
});

test("a secret's last use only moves forward, and an unknown address leaves the known one", async () => {
  const [userId, keyId, secretId] = [randomUUID(), randomUUID(), randomUUID()];
  await postgres().query("INSERT INTO users (id, email, name) VALUES ($1, $2, 'Last Used')", [
    userId,
    `${userId}@example.org`,
  ]);
  await postgres().query("INSERT INTO api_keys (id, member_id, name) VALUES ($1, $2, 'laptop')", [keyId, userId]);
  await postgres().query(
    "INSERT INTO api_key_secrets (id, api_key_id, hash, pepper_version, hint) VALUES ($1, $2, $3, 1, 'sk-vllm-…')",
    [secretId, keyId, Buffer.from(secretId)],
  );
  const used = async (atMs: number, ip: string | null) => {
    await moveLastUsed(postgres(), [{ secretId, atMs, ip }]);
    const { rows } = await postgres().query(
      "SELECT last_used_at AS at, last_used_ip AS ip FROM api_key_secrets WHERE id = $1",
      [secretId],
    );
    return rows[0];
  };
  expect(await used(2_000, "10.0.0.1")).toEqual({ at: new Date(2_000), ip: "10.0.0.1" });
  expect(await used(1_000, "10.0.0.2")).toEqual({ at: new Date(2_000), ip: "10.0.0.1" });
  expect(await used(3_000, null)).toEqual({ at: new Date(3_000), ip: "10.0.0.1" });
});
