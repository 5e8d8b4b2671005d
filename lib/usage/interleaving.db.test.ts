import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as endOfTick } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { rollupsAndEvents } from "@/test/usage/consistency";
import { openingOf, progressOf, randomEvent } from "@/test/usage/random-event";
import { closePostgres, postgres } from "../postgres";
import { type Batcher, createBatcher } from "./batcher";
import type { UsageEvent } from "./event";
import { closeLost, writeEvents } from "./mutations";
import { replay } from "./reconcile";

afterAll(closePostgres);

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined };

/** What may happen, in any order. Numbers choose among what there is. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("open" as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("end unopened" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("progress" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("let time pass" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("database" as const), is: fc.constantFrom("there", "away", "mute") }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disk" as const), isFull: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reconcile" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("replay" as const) }) },
);

/** A replica, its disk and its database, of which any may fail. */
function startReplica(root: string, memberId: string) {
  const replicaId = randomUUID();
  const state = { database: "there", isFull: false, isDead: false };
  const batcher: Batcher = createBatcher({
    directory: join(root, replicaId),
    replicaId,
    log: silent,
    batchRows: 3,
    memoryRows: 6,
    segmentBytes: 2_000,
    write: async (events) => {
      if (state.isDead || state.database === "away") throw new Error("the database is away");
      await writeEvents(postgres(), replicaId, events);
      if (state.isDead || state.database === "mute") throw new Error("the answer was lost");
    },
    writeFile: (file, text) => {
      if (state.isDead) throw new Error("dead processes write nothing");
      if (!state.isFull) return writeSync(file, text);
      writeSync(file, text.subarray(0, text.length >> 1));
      throw new Error("no space left");
    },
  });
  return { replicaId, directory: join(root, replicaId), batcher, state, memberId };
}

type Replica = ReturnType<typeof startReplica>;

test("whatever fails and in whatever order, each request is one row with its true end, and the rollups are their sum", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const root = mkdtempSync(join(tmpdir(), "podpass-interleaving-"));
      const memberId = randomUUID();
      /** Opened for certain and not ended yet, by the replica that serves it. */
      let running: UsageEvent[] = [];
      /** What must be a row, and what that row may say. */
      const model = new Map<string, Set<string>>();
      /** The tokens last said of requests under way, and those that no kill can take away any more. */
      const said = new Map<string, number>();
      const certain = new Map<string, number>();
      let saidThisTick: string[] = [];
      let dead: Replica[] = [];
      let replica = startReplica(root, memberId);
      let endedThisTick: string[] = [];

      const tick = async () => {
        await endOfTick();
        // From here on a kill can't take these ends away any more, unless the disk had refused them.
        if (!replica.state.isFull && replica.batcher.canRecord()) {
          for (const id of endedThisTick) model.set(id, new Set(["completed"]));
          for (const id of saidThisTick) certain.set(id, said.get(id) ?? 0);
        }
        endedThisTick = [];
        saidThisTick = [];
      };
      const settle = async (one: Replica) =>
        replay(one.directory, {
          write: async (replicaId, events) => void (await writeEvents(postgres(), replicaId, events)),
          closeLost: async (replicaId) => void (await closeLost(postgres(), [replicaId])),
          log: silent,
        });

      for (const one of steps) {
        switch (one.do) {
          case "open": {
            const events = Array.from({ length: one.count }, () => randomEvent({ memberId }));
            const answers = await Promise.allSettled(events.map((event) => replica.batcher.open(openingOf(event))));
            answers.forEach((answer, index) => {
              const event = events[index];
              if (event === undefined || answer.status === "rejected") return;
              model.set(event.requestId, new Set(["open", "lost"]));
              running.push(event);
            });
            break;
          }
          case "end": {
            const event = running[one.which % Math.max(1, running.length)];
            if (event === undefined) break;
            replica.batcher.final(event);
            model.set(event.requestId, new Set(["completed", "lost"]));
            running = running.filter((other) => other !== event);
            endedThisTick.push(event.requestId);
            break;
          }
          case "progress":
            if (!replica.batcher.canRecord()) break;
            for (const event of running) {
              const tokens = (said.get(event.requestId) ?? 0) + 1;
              said.set(event.requestId, tokens);
              saidThisTick.push(event.requestId);
              replica.batcher.progress([progressOf(event, 1_000 * tokens, tokens)]);
            }
            break;
          case "end unopened":
            replica.batcher.final(randomEvent({ memberId }));
            break;
          case "let time pass":
            await tick();
            if (replica.state.database === "there") await replica.batcher.flush();
            break;
          case "database":
            replica.state.database = one.is;
            break;
          case "disk":
            await tick();
            replica.state.isFull = one.isFull;
            break;
          case "kill":
            replica.state.isDead = true;
            dead.push(replica);
            running = [];
            endedThisTick = [];
            saidThisTick = [];
            replica = startReplica(root, memberId);
            break;
          case "reconcile": // two at once, before anybody has read the dead ones' journals
            await Promise.all(
              [1, 2].map(() =>
                closeLost(
                  postgres(),
                  dead.map(({ replicaId }) => replicaId),
                ),
              ),
            );
            break;
          case "replay": // two at once, of which the slower finds less and less
            await Promise.all(dead.map((one) => existsSync(one.directory) && settle(one)));
            break;
        }
      }

      await tick();
      replica.state.database = "there";
      await replica.batcher.flush();
      await replica.batcher.close(1_000);
      for (const one of dead) {
        if (existsSync(one.directory)) await settle(one);
        await closeLost(postgres(), [one.replicaId]);
        await one.batcher.close(0);
      }
      dead = [];
      rmSync(root, { recursive: true, force: true });

      const { rows } = await postgres().query<{ request_id: string; outcome: string; completion_tokens: number }>(
        "SELECT request_id, outcome, completion_tokens FROM usage_events WHERE member_id = $1",
        [memberId],
      );
      expect(new Set(rows.map((row) => row.request_id)).size).toBe(rows.length);
      const outcomes = new Map(rows.map((row) => [row.request_id, row.outcome]));
      for (const [id, allowed] of model) expect(allowed, id).toContain(outcomes.get(id));
      // Whoever closes a row before the dead one's journal was read knows what the database knew.
      const isJournalReadFirst = !steps.some((one) => one.do === "reconcile");
      for (const row of rows.filter(({ outcome }) => outcome === "lost")) {
        const least = isJournalReadFirst ? (certain.get(row.request_id) ?? 0) : 0;
        expect(row.completion_tokens, row.request_id).toBeGreaterThanOrEqual(least);
        expect(row.completion_tokens, row.request_id).toBeLessThanOrEqual(said.get(row.request_id) ?? 0);
      }
      const { rollups, events } = await rollupsAndEvents(postgres(), memberId);
      expect(rollups).toEqual(events);
    }),
    { numRuns: 60 },
  );
}, 120_000);
