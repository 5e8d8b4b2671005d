import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFairQueue, type Turn, type Waiter } from "./queue";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const waiter = (): Waiter => ({ isGone: false, onGone: null });
const expected = { prompt: 100, output: 2_048 };

function rig(limit: number | null, bounds: { mostWaiting?: number; mostWaitingOfOne?: number } = {}) {
  const queue = createFairQueue({ limit: () => limit, now: () => Date.now(), ...bounds });
  const enter = async (member: string, who = waiter()) => queue.enter(member, expected, who);
  /** One request from its arrival to its end: how long it waited, in ms. */
  const run = async (member: string, serviceMs: number, completion = 200) => {
    const turn = await enter(member);
    await new Promise((resolve) => setTimeout(resolve, serviceMs));
    turn.done({ prompt: 100, completion });
    return turn.waitedMs;
  };
  return { queue, enter, run };
}

test("without a cap, and while there is room, a turn begins at once and without a promise", () => {
  for (const limit of [null, 2]) {
    const { queue } = rig(limit);
    const turns = [queue.enter("a", expected, waiter()), queue.enter("b", expected, waiter())];
    expect(turns.map((turn) => turn instanceof Promise)).toEqual([false, false]);
    expect(queue.size()).toEqual({ running: 2, waiting: 0 });
  }
});

test.each([1, 4])(
  "beside a member with 100 in parallel, one who sends 1 at a time waits for about one request's service (%d at once)",
  async (limit) => {
    const { run } = rig(limit);
    const serviceMs = 1_000;
    const greedy = Promise.allSettled(Array.from({ length: 100 }, () => run("greedy", serviceMs, 150)));
    const modest: number[] = [];
    const modestRuns = (async () => {
      for (let i = 0; i < 10; i += 1) modest.push(await run("modest", serviceMs, 250));
    })();
    await vi.advanceTimersByTimeAsync(120_000);
    await Promise.all([greedy, modestRuns]);
    const inTheMiddle = modest.slice(0, limit === 1 ? 10 : 5);
    const mean = inTheMiddle.reduce((sum, wait) => sum + wait, 0) / inTheMiddle.length;
    expect(mean).toBeLessThanOrEqual(serviceMs * 1.5);
    expect(Math.max(...inTheMiddle)).toBeLessThanOrEqual(serviceMs * 2);
  },
);

test("members who all want more get tokens alike, however many requests they send and however long their answers are", async () => {
  const profile = fc.record({
    parallel: fc.integer({ min: 4, max: 30 }),
    completion: fc.integer({ min: 20, max: 400 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(profile, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (profiles, limit) => {
        const { run } = rig(limit);
        const served = profiles.map(() => 0);
        const until = Date.now() + 60_000;
        const clients = profiles.flatMap(({ parallel, completion }, member) =>
          Array.from({ length: parallel }, async () => {
            while (Date.now() < until) {
              await run(`member ${member}`, completion, completion);
              served[member] = (served[member] ?? 0) + 100 + 2 * completion;
            }
          }),
        );
        await vi.advanceTimersByTimeAsync(60_000);
        const shares = [...served];
        await vi.advanceTimersByTimeAsync(120_000);
        await Promise.allSettled(clients);
        const largestRequest = 100 + 2 * Math.max(...profiles.map(({ completion }) => completion));
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual((limit + 3) * 2 * largestRequest);
      },
    ),
    { numRuns: 15 },
  );
}, 60_000);

test("who was away has no credit: coming back with many requests, a member gets one turn ahead and then shares", async () => {
  const { enter } = rig(1);
  const order: string[] = [];
  const turns: Turn[] = [];
  const send = (member: string) =>
    void enter(member).then((turn) => {
      order.push(member);
      turns.push(turn);
    });
  for (let i = 0; i < 12; i += 1) send("busy");
  const finish = async () => {
    await vi.advanceTimersByTimeAsync(1);
    turns.shift()?.done({ prompt: 100, completion: 256 });
    await vi.advanceTimersByTimeAsync(1);
  };
  for (let i = 0; i < 6; i += 1) await finish();
  order.length = 0;
  for (let i = 0; i < 6; i += 1) send("back");
  for (let i = 0; i < 8; i += 1) await finish();
  expect(order.slice(0, 8).filter((member) => member === "back").length).toBeLessThanOrEqual(5);
  expect(order.slice(0, 8).filter((member) => member === "back").length).toBeGreaterThanOrEqual(3);
});

test("one member's full line turns only that member away, and a client that leaves takes its place with it", async () => {
  const { queue, enter } = rig(1, { mostWaiting: 10, mostWaitingOfOne: 2 });
  const turn = await enter("a");
  const leaver = waiter();
  const waiting = enter("a", leaver);
  const leaving = expect(waiting).rejects.toMatchObject({ code: "client_closed" });
  const last = enter("a").then((next) => next.done({ prompt: 1, completion: 1 }));
  await expect(enter("a")).rejects.toMatchObject({ code: "queue_full", retryAfterSeconds: 5 });
  const other = enter("b");
  leaver.onGone?.();
  await leaving;
  expect(queue.size()).toEqual({ running: 1, waiting: 2 });
  turn.done({ prompt: 1, completion: 1 });
  (await other).done({ prompt: 1, completion: 1 });
  await last;
  expect(queue.size()).toEqual({ running: 0, waiting: 0 });
});

test("nobody waits for ever", async () => {
  const { queue, enter } = rig(1);
  await enter("a");
  const waiting = expect(enter("b")).rejects.toMatchObject({ code: "queue_full" });
  await vi.advanceTimersByTimeAsync(90_000);
  await waiting;
  expect(queue.size()).toEqual({ running: 1, waiting: 0 });
});
