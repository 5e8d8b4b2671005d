import { expect, test } from "vitest";
import { NO_LIMITS } from "../keys/limits";
import type { Account } from "./ask";
import { createLedger } from "./ledger";
import { createLimitsKeeper, createSharedStore } from "./shared-store";

const key: Account = { kind: "key", id: "a", ownerId: "m", limits: { ...NO_LIMITS, rpm: 10, concurrency: 6 } };
let ids = 0;
const ask = () => ({ id: `call-${++ids}`, accounts: [key], tokens: 1, microUsd: 0, month: "2026-11" });

/** Workers whose messages travel as they do between processes: later, in order, and as JSON. */
function rig(count: number) {
  const travel = <T>(message: T, arrive: (message: T) => void) => {
    const text = JSON.stringify(message);
    setImmediate(() => arrive(JSON.parse(text) as T));
    return true;
  };
  const keeper = createLimitsKeeper<number>(
    createLedger(() => 0),
    (worker, verdict) => {
      travel(verdict, (arrived) => workers[worker]?.hear(arrived));
    },
  );
  const workers = Array.from({ length: count }, (_, worker) =>
    createSharedStore((message) => travel(message, (arrived) => keeper.hear(worker, arrived))),
  );
  const take = (worker: number, wanted = ask()) => workers[worker]?.store.take(wanted);
  return { keeper, workers, take };
}

test("workers share one limit: a burst over all of them lets exactly the limit through", async () => {
  const { take, workers } = rig(3);
  const calls = Array.from({ length: 30 }, (_, index) => ({ worker: index % 3, call: ask() }));
  const verdicts = await Promise.all(
    calls.map(async ({ worker, call }) => {
      const verdict = await take(worker, call);
      if (verdict?.is === "taken") workers[worker]?.store.settle(call.id, { minuteTokens: 0, monthTokens: 0 });
      return verdict?.is;
    }),
  );
  expect(verdicts.filter((is) => is === "taken").length).toBeLessThanOrEqual(10);
  const more = await Promise.all(Array.from({ length: 10 }, () => take(0)));
  expect(
    more.concat().filter((verdict) => verdict?.is === "taken").length + verdicts.filter((is) => is === "taken").length,
  ).toBe(10);
});

test("every worker sees how the shared limits stand", async () => {
  const { take, workers } = rig(2);
  await take(0);
  const [standing] = (await workers[1]?.store.standings([key], "2026-11")) ?? [];
  expect(standing).toMatchObject({ requests: 1, inFlight: 1, monthTokens: null });
});

test("what a worker held when it died is free for the others", async () => {
  const { keeper, take } = rig(2);
  await Promise.all(Array.from({ length: 6 }, () => take(0)));
  expect((await take(1))?.is).toBe("refused");
  keeper.leave(0);
  expect((await take(1))?.is).toBe("taken");
});
