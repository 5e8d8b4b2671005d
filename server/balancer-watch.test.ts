import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBalancerWatch } from "./balancer-watch";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const watch = () => createBalancerWatch({ now: () => Date.now() });

/** Asks `count` times, a second apart. */
async function ask(watched: ReturnType<typeof watch>, status: number, count: number) {
  for (let i = 0; i < count; i += 1) {
    watched.answered(status);
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

function settled(promise: Promise<unknown>) {
  const state = { isSettled: false };
  void promise.then(() => {
    state.isSettled = true;
  });
  return state;
}

test("a balancer that asks every second is told three times before work is refused", async () => {
  const watched = watch();
  await ask(watched, 200, 5);
  const state = settled(watched.heard());
  await ask(watched, 503, 2);
  expect(state.isSettled).toBe(false);
  await ask(watched, 503, 1);
  expect(state.isSettled).toBe(true);
});

test("one that no longer asks is waited for ten seconds, and no longer than the stop may take", async () => {
  const watched = watch();
  await ask(watched, 200, 3);
  const [usual, short] = [settled(watched.heard()), settled(watched.heard(2_000))];
  await vi.advanceTimersByTimeAsync(2_000);
  expect([usual.isSettled, short.isSettled]).toEqual([false, true]);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(usual.isSettled).toBe(true);
});

test("where nobody asks, or somebody looked once, nothing is waited for", async () => {
  const never = watch();
  const once = watch();
  once.answered(200);
  const longAgo = watch();
  await ask(longAgo, 200, 3);
  await vi.advanceTimersByTimeAsync(30_000);
  const states = [never, once, longAgo].map((watched) => settled(watched.heard()));
  await vi.advanceTimersByTimeAsync(0);
  expect(states.map(({ isSettled }) => isSettled)).toEqual([true, true, true]);
});
