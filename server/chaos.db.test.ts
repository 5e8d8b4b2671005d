import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { env } from "@/lib/env";
import { keepAsking, type Sight } from "@/test/chaos/caller";
import { startHostilePod } from "@/test/chaos/hostile-pod";
import { createRandom } from "@/test/chaos/random";
import { contradictions, type Row } from "@/test/chaos/reconcile";
import { createKeySeeds } from "@/test/rig/key-seeds";
import { startOwnPostgres } from "@/test/rig/own-postgres";
import { isBuilt, startReplica } from "@/test/rig/replica";
import { rollupsAndEvents } from "@/test/usage/consistency";

/** `PODPASS_CHAOS_ROUNDS=500 PODPASS_CHAOS_SEED=7` for a longer run, or one that was seen before. */
const ROUNDS = Number(process.env.PODPASS_CHAOS_ROUNDS ?? 9);
const SEED = Number(process.env.PODPASS_CHAOS_SEED ?? Date.now() % 1_000_000);
const CALLERS = 10;
/** Between two disturbances: what happens is counted in requests, so that a busy machine sees as much of it. */
const REQUESTS_A_ROUND = 40;
const MODEL = "hostile-model";

const endings: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

test.skipIf(!isBuilt || process.platform !== "linux")(
  `whatever the pod, the callers, a kill and PostgreSQL do, the ledger and the rows agree (seed ${SEED})`,
  async () => {
    const random = createRandom(SEED);
    const postgres = await startOwnPostgres();
    endings.push(postgres.close);
    const database = new pg.Pool({ connectionString: postgres.url, max: 3 });
    database.on("error", () => undefined);
    endings.push(() => database.end());
    const pod = await startHostilePod(MODEL, random);
    endings.push(pod.close);
    const seeds = createKeySeeds(database, env.PODPASS_SECRET);
    await seeds.addPod(pod.url, "pod-key", [MODEL]);
    const keys = [await seeds.issueKey(), await seeds.issueKey(), await seeds.issueKey()] as const;
    const first = await startReplica({ databaseUrl: postgres.url });
    let replica = first;
    endings.push(
      () => replica.dispose(),
      () => first.dispose(),
    );

    let isOver = false;
    const sights: Sight[] = [];
    const killedAt: number[] = [];
    const callers = Array.from({ length: CALLERS }, (_, n) =>
      keepAsking(first.url, keys[n % keys.length]?.secret ?? "", MODEL, createRandom(SEED + n), () => isOver, sights),
    );
    for (let round = 0; round < ROUNDS; round += 1) {
      const wanted = pod.ledger.size + REQUESTS_A_ROUND;
      await expect.poll(() => pod.ledger.size, { timeout: 120_000 }).toBeGreaterThanOrEqual(wanted);
      if (round % 3 === 1) {
        postgres.stand();
        await sleep(random.int(200, 3_000));
        postgres.goOn();
      } else {
        await replica.kill();
        killedAt.push(Date.now());
        await sleep(random.int(0, 500));
        replica = await startReplica({ databaseUrl: postgres.url, dataDir: first.dataDir, port: first.port });
      }
    }
    isOver = true;
    await Promise.all(callers);

    const rows = async () => {
      const { rows: found } = await database.query<Row>(
        "SELECT *, (extract(epoch FROM at) * 1000)::float8 AS at_ms FROM usage_events ORDER BY at, request_id",
      );
      return found;
    };
    await expect
      .poll(
        async () => {
          const found = await rows();
          const written = new Set(found.map((row) => row.request_id));
          const isMissing = [...pod.ledger.keys()].some((id) => !written.has(id));
          return isMissing ? "missing" : found.filter(({ outcome }) => outcome === "open").length;
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBe(0);
    const found = await rows();
    const contradicted = contradictions({ rows: found, ledger: pod.ledger, sights, killedAt });
    expect(contradicted, contradicted.slice(0, 5).join("\n")).toEqual([]);
    expect(pod.repeated).toEqual([]);
    for (const { memberId } of keys) {
      const { rollups, events } = await rollupsAndEvents(database, memberId);
      expect(rollups).toEqual(events);
    }
    const outcomes = new Set(found.map(({ outcome }) => outcome));
    for (const outcome of ["completed", "client_closed", "upstream_error"]) expect(outcomes).toContain(outcome);
  },
  ROUNDS * 30_000 + 180_000,
);
