import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { LimitStore } from "./ask";
import { createLedger } from "./ledger";
import { createRedisStore } from "./redis-store";
import { createReplicatedStore } from "./replicated-store";

const COUNT_EVERY_MS = 10_000;
/** A process that ended without a word is counted for half a minute: only who stays longer is another replica. */
const CERTAIN_AFTER = 5;
const FIRST_CONNECTION_MS = 2_000;
const LOOK_EVERY_MS = 2_000;

type Options = {
  redisUrl: string | undefined;
  /** Gateway processes of this machine's Podpass. */
  workers: number;
  /** A store that these processes share already. */
  shared: LimitStore | undefined;
  countReplicas: () => Promise<number>;
  /** How often replicas are counted. */
  countEveryMs?: number | undefined;
  log: Pick<Logger, "error" | "warn" | "info">;
};

export type OpenLimits = Awaited<ReturnType<typeof openLimits>>;

/** The store of this process: in Redis where there is one, else in the machine's or its own memory. Never rejects. */
export async function openLimits(options: Options) {
  const { redisUrl, workers, shared, countReplicas, countEveryMs = COUNT_EVERY_MS, log } = options;
  const now = () => performance.now();
  let replicas = workers;
  let roundsWithOthers = 0;

  async function count() {
    replicas = Math.max(workers, await countReplicas());
    const wasAlone = roundsWithOthers < CERTAIN_AFTER;
    roundsWithOthers = replicas > workers ? roundsWithOthers + 1 : 0;
    if (redisUrl !== undefined) return;
    if (wasAlone && roundsWithOthers >= CERTAIN_AFTER) {
      log.error(
        { replicas, workers },
        "another Podpass runs on this database and REDIS_URL is not set: each keeps limits of its own",
      );
    } else if (!wasAlone && roundsWithOthers === 0) {
      log.info("this Podpass is alone on its database again");
    }
  }
  const counting = setInterval(() => void count().catch(() => undefined), countEveryMs).unref();
  // Whoever joins others takes its part of a pod from the first call on.
  void count().catch(() => undefined);

  if (redisUrl === undefined) {
    return {
      store: shared ?? createLedger(now),
      /** Gateway processes that share the pods, at least this machine's. */
      replicas: () => replicas,
      stats: () => ({ isRedisAway: false, replicas, areLimitsShared: roundsWithOthers < CERTAIN_AFTER }),
      close: () => clearInterval(counting),
    };
  }

  const { Redis: Client } = await import("ioredis"); // only who has a Redis pays for its client
  const client = new Client(redisUrl, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 500,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
  });
  client.on("error", () => undefined); // said once, by the first call that meets it
  await untilReady(client);
  const redis = createRedisStore(client);
  const { store, isAway, look } = createReplicatedStore({
    redis,
    local: createLedger(now),
    replicas: () => replicas,
    now,
    onAway: (err) => log.error({ err, replicas }, "Redis is away: limits are divided by the replicas, budgets refuse"),
    onBack: () => log.info("Redis is back: limits are shared again"),
  });
  const looking = setInterval(() => void look(() => client.ping()), LOOK_EVERY_MS).unref();
  return {
    store,
    replicas: () => replicas,
    stats: () => ({ isRedisAway: isAway(), replicas, areLimitsShared: !isAway() }),
    close() {
      clearInterval(counting);
      clearInterval(looking);
      redis.close();
      client.disconnect();
    },
  };
}

function untilReady(client: Redis) {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, FIRST_CONNECTION_MS);
    client.once("ready", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
