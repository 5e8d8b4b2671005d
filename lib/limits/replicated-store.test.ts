import { expect, test } from "vitest";
import { createRedis, redisProgram } from "@/test/rig/redis";
import { NO_LIMITS } from "../keys/limits";
import type { Account, LimitStore } from "./ask";
import { openLimits } from "./open-limits";

let ids = 0;
const limited = (limits: Partial<Account["limits"]>): Account => ({
  kind: "key",
  id: `id-${++ids}`,
  ownerId: `owner-${ids}`,
  limits: { ...NO_LIMITS, ...limits },
});

test.skipIf(redisProgram === null)(
  "while Redis is away each replica gives its part, budgets refuse, and all is shared again when it is back",
  async () => {
    const redis = await createRedis();
    await redis.start();
    const said: string[] = [];
    const say = (...words: unknown[]) => void said.push(String(words.at(-1)));
    const replica = await openLimits({
      redisUrl: redis.url,
      workers: 2,
      shared: undefined,
      countReplicas: async () => 2,
      log: { error: say, warn: say, info: say },
    });
    const taken = async (account: Account, calls: number, store: LimitStore = replica.store) => {
      const asks = Array.from({ length: calls }, () => ({
        id: `call-${++ids}`,
        accounts: [account],
        tokens: 1,
        microUsd: 0,
        month: "2026-11",
      }));
      const verdicts = await Promise.all(asks.map((ask) => store.take(ask)));
      for (const [index, { id }] of asks.entries()) {
        if (verdicts[index]?.is === "taken") store.settle(id, { minuteTokens: 0, monthTokens: 0 });
      }
      return verdicts.filter(({ is }) => is === "taken").length;
    };
    try {
      expect(await taken(limited({ rpm: 10 }), 50)).toBe(10);
      await redis.stop();
      expect(await taken(limited({ rpm: 10 }), 50)).toBe(5);
      await expect(taken(limited({ monthlyTokens: 10 }), 1)).rejects.toMatchObject({ code: "database_unavailable" });
      expect(replica.stats()).toMatchObject({ isRedisAway: true, areLimitsShared: false });
      await redis.start();
      await expect.poll(() => taken(limited({ rpm: 10 }), 50)).toBe(10);
      expect(said.map((line) => line.slice(0, 13))).toEqual(["Redis is away", "Redis is back"]);
    } finally {
      replica.close();
      await redis.stop();
    }
  },
  30_000,
);
