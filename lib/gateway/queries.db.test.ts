import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { change, insertKey, revoke, rotate } from "@/test/fixtures/key-rows";
import { openTcpProxy } from "@/test/fixtures/tcp-proxy";
import { watchStalls } from "@/test/rig/stalls";
import { changesSince, loadCaller, loadCallers, loadPods, loadPolicy, readEpoch } from "./queries";

const connectionString = process.env.DATABASE_URL ?? "";
const pool = new pg.Pool({ connectionString, max: 5 });
afterAll(() => pool.end());
const stalls = watchStalls();
afterAll(stalls.stop);

test("a live secret brings its key, its member and the epoch, all frozen", async () => {
  const key = await insertKey(pool);
  await change(pool, [key.keyId], (client) =>
    client.query("UPDATE api_keys SET rpm = 60, monthly_tokens = 5000000000, models = '{qwen}' WHERE id = $1", [
      key.keyId,
    ]),
  );
  const facts = await loadCaller(key.digest, pool);
  expect(facts).toMatchObject({
    keyId: key.keyId,
    secretId: key.secretId,
    memberId: key.memberId,
    memberRole: "MEMBER",
    secretExpiresAtMs: null,
    keyRevokedAtMs: null,
    models: ["qwen"],
    cidrs: [],
    limits: { rpm: 60, tpm: null, monthlyTokens: 5_000_000_000 },
    memberLimits: { rpm: null },
  });
  expect(facts?.epoch).toBeGreaterThan(0);
  expect([facts, facts?.limits, facts?.models].every(Object.isFrozen)).toBe(true);
});

test("only a healthy database that does not know a secret answers null", async () => {
  await expect(loadCaller(Buffer.alloc(32, 7), pool)).resolves.toBeNull();
});

test("many secrets are asked for in one statement, and each answer finds its own", async () => {
  const [first, second] = [await insertKey(pool), await insertKey(pool)];
  const { epoch, found } = await loadCallers([first.digest, Buffer.alloc(32), second.digest], pool);
  expect(found.size).toBe(2);
  expect(found.get(second.digest.toString("latin1"))?.keyId).toBe(second.keyId);
  expect(epoch).toBeGreaterThan(0);
});

test("rotation shows on the old secret alone: when it was replaced and when it ends", async () => {
  const key = await insertKey(pool);
  const fresh = await rotate(pool, key, 60_000);
  const old = await loadCaller(key.digest, pool);
  const replacedAt = old?.secretReplacedAtMs ?? 0;
  expect(Math.abs(replacedAt - Date.now())).toBeLessThan(30_000);
  expect(old?.secretExpiresAtMs).toBe(replacedAt + 60_000);
  await expect(loadCaller(fresh, pool)).resolves.toMatchObject({
    keyId: key.keyId,
    secretReplacedAtMs: null,
    secretExpiresAtMs: null,
  });
});

test("facts carry the epoch of the change they contain", async () => {
  const key = await insertKey(pool);
  const before = await loadCaller(key.digest, pool);
  await revoke(pool, key);
  const after = await loadCaller(key.digest, pool);
  expect(before?.keyRevokedAtMs).toBeNull();
  expect(after?.keyRevokedAtMs).not.toBeNull();
  expect(after?.epoch).toBeGreaterThan(before?.epoch ?? Infinity);
});

test("the change log names the keys, and says null when all are meant", async () => {
  const { epoch } = await readEpoch(pool);
  const key = await insertKey(pool);
  await change(pool, "all", async () => undefined);
  const changes = await changesSince(epoch, pool);
  expect(changes).toContainEqual({ epoch: expect.any(Number), keyIds: [key.keyId] });
  expect(changes).toContainEqual({ epoch: expect.any(Number), keyIds: null });
});

test("the database's clock is the wall's, not the transaction's zone", async () => {
  const { dbNowMs } = await readEpoch(pool);
  expect(Math.abs(dbNowMs - Date.now())).toBeLessThan(30_000);
});

test("pods come with their sealed key as bytes, without the removed ones", async () => {
  const name = `pod-${process.hrtime.bigint()}`;
  await pool.query(
    `INSERT INTO pods (id, name, base_url, sealed_key, hourly_micro_usd, models) VALUES
       (gen_random_uuid(), $1, 'http://10.0.0.1:8000', '\\x0102', 780000, '{qwen}')`,
    [name],
  );
  await pool.query(
    "INSERT INTO pods (id, name, base_url, removed_at) VALUES (gen_random_uuid(), $1, 'http://10.0.0.2:8000', now())",
    [`${name}-removed`],
  );
  const pods = (await loadPods(pool)).filter((pod) => pod.name.startsWith(name));
  expect(pods).toEqual([
    expect.objectContaining({
      name,
      sealedKey: Buffer.from([1, 2]),
      hourlyMicroUsd: 780_000,
      weight: 1,
      models: ["qwen"],
    }),
  ]);
});

test("the policy has every limit of every role, null where none is set", async () => {
  const { roleLimits, strictFieldsAtMs } = await loadPolicy(pool);
  const none = { rpm: null, tpm: null, concurrency: null, monthlyTokens: null, monthlyMicroUsd: null };
  expect({ roleLimits, strictFieldsAtMs }).toEqual({
    roleLimits: { OWNER: none, ADMIN: none, MEMBER: none },
    strictFieldsAtMs: null,
  });
});

test("a refused connection is the database's absence, not the secret's", async () => {
  const away = new pg.Pool({
    connectionString: "postgres://nobody:x@127.0.0.1:1/none",
    connectionTimeoutMillis: 1_000,
  });
  await expect(loadCaller(Buffer.alloc(32), away)).rejects.toMatchObject({
    code: "database_unavailable",
    retryAfterSeconds: 5,
    cause: expect.anything(),
  });
  await away.end();
});

test("a database that takes the question and never answers is away after the deadline", async () => {
  const proxy = await openTcpProxy(new URL(connectionString));
  const hung = new pg.Pool({ connectionString: proxy.url, connectionTimeoutMillis: 3_000 });
  hung.on("error", () => undefined);
  await readEpoch(hung);
  proxy.become("silent");
  const asked = performance.now();
  await expect(loadCaller(Buffer.alloc(32), hung)).rejects.toMatchObject({ code: "database_unavailable" });
  expect(stalls.awakeMs(asked)).toBeLessThan(6_500);
  proxy.become("forward");
  await expect(loadCaller(Buffer.alloc(32), hung)).resolves.toBeNull();
  await hung.end();
  await proxy.close();
});

test("a connection that was cut behind our back costs no request", async () => {
  const own = new pg.Pool({ connectionString, max: 1 });
  own.on("error", () => undefined);
  const { rows } = await own.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const asking = loadCaller(Buffer.alloc(32), own);
  await pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
  await expect(asking).resolves.toBeNull();
  await expect(loadCaller(Buffer.alloc(32), own)).resolves.toBeNull();
  await own.end();
});
