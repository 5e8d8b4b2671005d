import { afterAll, beforeAll, expect, test } from "vitest";
import { MOST_TRIES } from "@/lib/abuse/tries";
import { mintSecret } from "@/lib/keys/secret";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig } from "@/test/rig/gateway";

// Somebody guesses keys from an address that others use too: what it costs them, the others and the database.

const MODEL = "simulated-llama-8b";
const SHARED = "203.0.113.7";

let pod: Simulator;
let rig: Awaited<ReturnType<typeof startGatewayRig>>;

beforeAll(async () => {
  pod = await startSimulator({ models: [MODEL], tokensPerSecond: 2_000, ttftMs: 1 });
  rig = await startGatewayRig("node", pod.url, "key", [MODEL], undefined, { TRUSTED_PROXIES: "loopback" });
});

afterAll(async () => {
  await rig.stop();
  await pod.close();
});

const models = (secret: string | null, from: string) =>
  fetch(`${rig.url}/v1/models`, {
    headers: { "x-forwarded-for": from, ...(secret !== null && { authorization: `Bearer ${secret}` }) },
  });

async function tryStrings(count: number, from: string, make: () => string | null = mintSecret) {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 20) {
    const answers = await Promise.all(Array.from({ length: Math.min(20, count - sent) }, () => models(make(), from)));
    for (const answer of answers) {
      statuses.push(answer.status);
      await answer.arrayBuffer();
    }
  }
  return statuses;
}

const floodRows = async (source: string) =>
  (
    await rig.database.query(
      "SELECT actor_kind, target_kind, member_id, ip, after FROM audit_events WHERE action = 'credential.flood' AND ip = $1",
      [source],
    )
  ).rows;

const loads = () => rig.gateway.stats().cache.digests;

test("after too many unknown keys a source is told to wait, and what it sends costs no query", async () => {
  expect(new Set(await tryStrings(MOST_TRIES, SHARED))).toEqual(new Set([401]));
  await tryStrings(20, SHARED);
  const before = loads();
  const refused = await models(mintSecret(), SHARED);
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("x-should-retry")]).toEqual([
    429,
    "10",
    null,
  ]);
  expect(await refused.json()).toMatchObject({ error: { code: "rate_limit_exceeded", param: null } });
  expect(new Set(await tryStrings(500, SHARED))).toEqual(new Set([429]));
  expect(loads()).toBe(before);
  expect(rig.gateway.stats().credentials).toMatchObject({ sources: 1, heldBack: expect.any(Number) });
});

test("a string without the shape or the checksum of a key is answered as ever", async () => {
  const answer = await models("sk-something-else", SHARED);
  expect([answer.status, await answer.json()]).toEqual([
    401,
    { error: expect.objectContaining({ code: "invalid_api_key" }) },
  ]);
});

test("keys that work go on working from there: one in memory, one that was never seen here, one that is new", async () => {
  const [warm, cold] = [await rig.issueKey(), await rig.issueKey()];
  expect((await models(warm.secret, "198.51.100.1")).status).toBe(200);
  expect((await models(warm.secret, SHARED)).status).toBe(200);
  // The list of secrets is ten seconds old at most: what was made since may be told to wait so long.
  await expect.poll(async () => (await models(cold.secret, SHARED)).status).toBe(200);
  expect((await models(mintSecret(), SHARED)).status).toBe(429);
});

test("while somebody guesses as fast as they can, the others at their address lose no call and the database hears nothing", async () => {
  const keys = await Promise.all([1, 2, 3].map(() => rig.issueKey()));
  for (const { secret } of keys) {
    await expect.poll(async () => (await models(secret, SHARED)).status).toBe(200);
  }
  const before = loads();
  const guessing = tryStrings(1_000, SHARED);
  const served: number[] = [];
  for (let call = 0; call < 60; call += 1) served.push((await models(keys[call % 3]?.secret ?? "", SHARED)).status);
  expect(new Set(served)).toEqual(new Set([200]));
  expect(new Set(await guessing)).toEqual(new Set([429]));
  // What is left are the three keys, read anew every few seconds like everybody's.
  expect(loads() - before).toBeLessThan(30);
});

test("a real key that was revoked is told so, from there too", async () => {
  const key = await rig.issueKey();
  await rig.database.query("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [key.keyId]);
  const codeNow = async () => {
    const body = (await (await models(key.secret, SHARED)).json()) as { error: { code: string } };
    return body.error.code;
  };
  await expect.poll(codeNow).toBe("key_revoked");
});

test("nobody else waits: not the next address, not whoever claims to be behind the first one", async () => {
  expect((await models(mintSecret(), "203.0.113.8")).status).toBe(401);
  expect((await models(mintSecret(), `${SHARED}, 198.51.100.77`)).status).toBe(401);
});

test("the /64 of an IPv6 address counts as one, the next /64 on its own", async () => {
  await tryStrings(MOST_TRIES + 20, "2001:db8:0:1::1");
  expect((await models(mintSecret(), "2001:db8:0:1:ffff::2")).status).toBe(429);
  expect((await models(mintSecret(), "2001:db8:0:2::1")).status).toBe(401);
});

test("a request without any key tries nothing", async () => {
  expect(new Set(await tryStrings(3 * MOST_TRIES, "192.0.2.50", () => null))).toEqual(new Set([401]));
  expect((await models(mintSecret(), "192.0.2.50")).status).toBe(401);
});

test("admins find one row for each source, however often it tried", async () => {
  await expect.poll(() => floodRows("2001:db8:0:1::/64")).toHaveLength(1);
  expect(await floodRows(SHARED)).toEqual([
    {
      actor_kind: "system",
      target_kind: "network",
      member_id: null,
      ip: SHARED,
      after: { source: SHARED, failures: expect.any(Number) },
    },
  ]);
});

test("a flood from everywhere fills no log", async () => {
  const { recordFlood } = await import("@/lib/abuse/mutations");
  const now = new Date();
  for (let wave = 0; wave < 60; wave += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => recordFlood(`198.18.0.${wave + index}`, 60, now)));
  }
  await Promise.all(Array.from({ length: 5 }, () => recordFlood("198.18.0.1", 60, now)));
  const { rows } = await rig.database.query(
    "SELECT count(*)::int AS rows, count(DISTINCT ip)::int AS sources FROM audit_events WHERE action = 'credential.flood'",
  );
  expect(rows).toEqual([{ rows: 20, sources: 20 }]);
});

test("a call from a new network becomes activity of its key's member, and the call itself knows nothing of it", async () => {
  const key = await rig.issueKey();
  const chat = (from: string) =>
    fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key.secret}`,
        "content-type": "application/json",
        "x-forwarded-for": from,
      },
      body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hi." }], max_tokens: 1 }),
    });
  await rig.database.query("INSERT INTO key_networks VALUES ($1, '192.0.2.0/24', now() - interval '3 days', now())", [
    key.keyId,
  ]);
  for (const from of ["192.0.2.9", "198.51.100.9", "198.51.100.10"]) expect((await chat(from)).status).toBe(200);
  const rows = async () =>
    (
      await rig.database.query("SELECT action, member_id, ip, after FROM audit_events WHERE target_id = $1", [
        key.keyId,
      ])
    ).rows;
  expect(await rows()).toEqual([]);
  await rig.gateway.lookForUnusualUse();
  expect(await rows()).toEqual([
    {
      action: "key.new_network",
      member_id: key.memberId,
      ip: "198.51.100.9",
      after: { networks: ["198.51.100.0/24"] },
    },
  ]);
});
