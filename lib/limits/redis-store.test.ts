import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedis, redisProgram } from "@/test/rig/redis";
import { NO_LIMITS } from "../keys/limits";
import type { Account, Ask, Spent, Standing, Use, Verdict } from "./ask";
import { createLedger } from "./ledger";
import { createRedisStore, type RedisStore } from "./redis-store";

if (redisProgram === null)
  process.stderr.write("Neither redis-server nor valkey-server is installed: the store in Redis is not tested.\n");

/** What one replica sees of a store. */
type Replica = {
  take(ask: Ask): Promise<Verdict>;
  end(id: string, use: Use | null): Promise<void>;
  seed(account: Account, month: string, spent: Spent): Promise<void>;
  standings(accounts: readonly Account[], month: string): Promise<Standing[]>;
};

let ids = 0;
const limited = (
  limits: Partial<Account["limits"]>,
  kind: Account["kind"] = "key",
  ownerId = `owner-${++ids}`,
): Account => ({
  kind,
  id: `id-${++ids}`,
  ownerId,
  limits: { ...NO_LIMITS, ...limits },
});
const ask = (accounts: Account[], tokens = 10): Ask => ({
  id: `call-${++ids}`,
  accounts,
  tokens,
  microUsd: 0,
  month: "2026-11",
});

const clients: Redis[] = [];
const stores: RedisStore[] = [];
let server: Awaited<ReturnType<typeof createRedis>> | null = null;

beforeAll(async () => {
  if (redisProgram === null) return;
  server = await createRedis();
  await server.start();
}, 30_000);

afterAll(async () => {
  for (const store of stores) store.close();
  for (const client of clients) client.disconnect();
  await server?.stop();
});

function inRedis(leaseMs?: number, renewMs?: number): RedisStore {
  const client = new Redis(server?.url ?? "");
  clients.push(client);
  const store = createRedisStore(client, leaseMs, renewMs);
  stores.push(store);
  return store;
}

function inMemory(): [Replica, Replica] {
  const ledger = createLedger(() => performance.now());
  const replica: Replica = {
    take: async (wanted) => ledger.take(wanted),
    end: async (id, use) => (use === null ? ledger.giveBack(id) : ledger.settle(id, use)),
    seed: async (...given) => ledger.seed(...given),
    standings: async (...given) => ledger.standings(...given),
  };
  return [replica, replica];
}

const kinds: [string, () => [Replica, Replica]][] = [["in memory", inMemory]];
if (redisProgram !== null) kinds.push(["in Redis", () => [inRedis(), inRedis()]]);

describe.each(kinds)("limits kept %s", (_, open) => {
  test("two replicas let exactly the limit through, and refusals cost nothing elsewhere", async () => {
    const [a, b] = open();
    const key = limited({ rpm: 20 });
    const member = limited({ rpm: 100, tpm: 1_000_000 }, "member", key.ownerId);
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? a : b).take(ask([key, member]))),
    );
    expect(verdicts.filter(({ is }) => is === "taken")).toHaveLength(20);
    const refused = verdicts.find(({ is }) => is === "refused");
    expect(refused).toMatchObject({
      by: { limit: "rpm", account: { id: key.id } },
      meters: { requests: { remaining: 0 } },
    });
    expect(await b.take(ask([member]))).toMatchObject({
      is: "taken",
      meters: { requests: { limit: 100, remaining: 79 } },
    });
  });

  test("tokens are held, settled once with the true count, and given back", async () => {
    const [a, b] = open();
    const key = limited({ tpm: 1_000, rpm: 10 });
    const first = ask([key], 600);
    expect(await a.take(first)).toMatchObject({ is: "taken", meters: { tokens: { remaining: 400 } } });
    expect(await b.take(ask([key], 600))).toMatchObject({ is: "refused", by: { limit: "tpm" } });
    await a.end(first.id, { minuteTokens: 50, monthTokens: 50 });
    await a.end(first.id, null);
    const second = ask([key], 600);
    expect(await b.take(second)).toMatchObject({ meters: { tokens: { remaining: 350 }, requests: { remaining: 8 } } });
    await b.end(second.id, null);
    const third = ask([key], 5_000);
    expect((await a.take(third)).is).toBe("refused");
    expect(await a.take(ask([key], 950))).toMatchObject({
      meters: { tokens: { remaining: 0 }, requests: { remaining: 8 } },
    });
  });

  test("money is unknown until it is read, held while calls run, and counted for a minute after", async () => {
    const [a, b] = open();
    const key = limited({ monthlyMicroUsd: 1_000 });
    expect(await a.take(ask([key]))).toMatchObject({ is: "unknown", accounts: [{ id: key.id }] });
    await a.seed(key, "2026-11", { tokens: null, microUsd: 800 });
    const costing = (microUsd: number) => ({ ...ask([key]), microUsd });
    const calls = Array.from({ length: 20 }, () => costing(200));
    const verdicts = await Promise.all(calls.map((call, index) => (index % 2 === 0 ? a : b).take(call)));
    expect(verdicts.filter(({ is }) => is === "taken")).toHaveLength(1);
    expect(verdicts.find(({ is }) => is === "refused")).toMatchObject({
      by: { limit: "monthlyMicroUsd", afterMs: null },
    });
    for (const { id } of calls) {
      for (const store of [a, b]) await store.end(id, { minuteTokens: 5, monthTokens: 5, microUsd: 150 });
    }
    const second = costing(100);
    expect((await b.take(second)).is).toBe("taken");
    expect((await a.take(costing(1))).is).toBe("refused");
    await b.end(second.id, null);
    expect((await a.take(costing(50))).is).toBe("taken");
    await b.seed(key, "2026-11", { tokens: null, microUsd: 700 }); // shares may become less
    expect((await b.take(costing(1))).is).toBe("taken");
    await b.seed(key, "2026-11", { tokens: null, microUsd: 1_000 });
    expect((await a.take(costing(1))).is).toBe("refused");
    expect((await a.take({ ...costing(1), month: "2026-12" })).is).toBe("unknown");
  });

  test("anybody can look how accounts stand, and looking takes nothing", async () => {
    const [a, b] = open();
    const key = limited({ rpm: 60, tpm: 1_000, concurrency: 4, monthlyTokens: 5_000 });
    const member = limited({ rpm: 100 }, "member", key.ownerId);
    const nothing = { requests: 0, requestsResetMs: 0, tokens: 0, tokensResetMs: 0, inFlight: 0, monthTokens: null };
    expect(await b.standings([key, member], "2026-11")).toEqual([nothing, nothing]);
    await a.seed(key, "2026-11", { tokens: 40, microUsd: null });
    const [first, second] = [ask([key, member], 300), ask([key, member], 100)];
    for (const call of [first, second]) expect((await a.take(call)).is).toBe("taken");
    await a.end(first.id, { minuteTokens: 50, monthTokens: 50 });
    for (const _ of [1, 2]) {
      const [ofKey, ofMember] = await b.standings([key, member], "2026-11");
      expect(ofKey).toMatchObject({ requests: 2, tokens: 150, inFlight: 1, monthTokens: 90 });
      expect(ofKey?.requestsResetMs).toBeGreaterThan(50_000);
      expect(ofMember).toMatchObject({ requests: 2, tokens: 0, inFlight: 1, monthTokens: null });
    }
    expect((await b.standings([key], "2026-12"))[0]?.monthTokens).toBeNull();
  });

  test("places come back, each once", async () => {
    const [a, b] = open();
    const key = limited({ concurrency: 3 });
    const calls = [1, 2, 3].map(() => ask([key]));
    for (const call of calls) expect((await a.take(call)).is).toBe("taken");
    expect(await b.take(ask([key]))).toMatchObject({ is: "refused", by: { limit: "concurrency", afterMs: 1_000 } });
    await a.end(calls[0]?.id ?? "", { minuteTokens: 0, monthTokens: 0 });
    await a.end(calls[0]?.id ?? "", { minuteTokens: 0, monthTokens: 0 });
    expect([(await b.take(ask([key]))).is, (await b.take(ask([key]))).is]).toEqual(["taken", "refused"]);
  });

  test("a month is unknown until it is read, and of 20 calls at its edge one gets in", async () => {
    const [a, b] = open();
    const key = limited({ monthlyTokens: 1_000 });
    expect(await a.take(ask([key]))).toMatchObject({ is: "unknown", accounts: [{ id: key.id }] });
    await a.seed(key, "2026-11", { tokens: 990, microUsd: null });
    const calls = Array.from({ length: 20 }, () => ask([key], 100));
    const verdicts = await Promise.all(calls.map((call, index) => (index % 2 === 0 ? a : b).take(call)));
    expect(verdicts.filter(({ is }) => is === "taken")).toHaveLength(1);
    expect(verdicts.find(({ is }) => is === "refused")).toMatchObject({
      by: { limit: "monthlyTokens", afterMs: null },
    });
    for (const [index, { id }] of calls.entries())
      await (index % 2 === 0 ? a : b).end(id, { minuteTokens: 5, monthTokens: 5 });
    await b.seed(key, "2026-11", { tokens: 900, microUsd: null }); // the database is a moment behind
    expect((await b.take(ask([key], 100))).is).toBe("taken");
    expect((await a.take({ ...ask([key], 1), month: "2026-12" })).is).toBe("unknown");
  });
});

test.skipIf(redisProgram === null)(
  "a replica that dies gives its places back when its leases end, one that lives keeps them",
  async () => {
    const [dying, living, asking] = [inRedis(300, 60_000), inRedis(300, 50), inRedis()];
    const [lost, kept] = [limited({ concurrency: 1 }), limited({ concurrency: 1 })];
    await dying.take(ask([lost]));
    await living.take(ask([kept]));
    expect((await asking.take(ask([lost]))).is).toBe("refused");
    await expect.poll(async () => (await asking.take(ask([lost]))).is).toBe("taken");
    expect((await asking.take(ask([kept]))).is).toBe("refused");
  },
);
