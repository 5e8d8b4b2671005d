import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openingOf, progressOf, randomEvent } from "@/test/usage/random-event";
import { createBatcher } from "./batcher";
import type { UsageEvent } from "./event";

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "podpass-batcher-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function batcherOver(write: (events: UsageEvent[]) => Promise<void>, options = {}) {
  const replicaId = "019d0000-0000-7000-8000-000000000000";
  return createBatcher({ directory: join(root, replicaId), replicaId, write, log: silent, ...options });
}

test("a request that ends within a batch is written once, as it ended", async () => {
  const write = vi.fn(async () => undefined);
  const batcher = batcherOver(write);
  const event = randomEvent();
  await batcher.open(openingOf(event));
  batcher.final(event);
  await batcher.flush();
  expect(write.mock.calls).toEqual([[[event]]]);
  await batcher.close();
});

test("how far a request has come takes the place of its opening, and its end that of both", async () => {
  const write = vi.fn(async () => undefined);
  const batcher = batcherOver(write);
  const event = randomEvent();
  await batcher.open(openingOf(event));
  batcher.progress([progressOf(event, 5_000, 10)]);
  batcher.progress([progressOf(event, 10_000, 20)]);
  await batcher.flush();
  batcher.progress([progressOf(event, 15_000, 30)]);
  batcher.final(event);
  await batcher.flush();
  expect(write.mock.calls).toEqual([[[progressOf(event, 10_000, 20)]], [[event]]]);
  await batcher.close();
});

test("a journal that fills up is kept for openings and ends", async () => {
  const write = vi.fn(async () => {
    throw new Error("away");
  });
  const batcher = batcherOver(write, { journalBytes: 20_000 });
  const event = randomEvent();
  await batcher.open(openingOf(event));
  for (let ms = 1; ms <= 500; ms += 1) {
    batcher.progress([progressOf(event, ms, ms)]);
    batcher.writeNow();
  }
  expect(batcher.stats().journalBytes).toBeLessThan(6_000);
  expect(batcher.canRecord()).toBe(true);
  await batcher.close(0);
});

test("of two ends the first stands", async () => {
  const write = vi.fn(async () => undefined);
  const batcher = batcherOver(write);
  const event = randomEvent();
  batcher.final(event);
  batcher.final({ ...event, outcome: "timeout" });
  await batcher.flush();
  expect(write.mock.calls).toEqual([[[event]]]);
  await batcher.close();
});

test("no batch is larger than allowed, and each waits for the one before", async () => {
  let running = 0;
  const sizes: number[] = [];
  const batcher = batcherOver(
    async (events) => {
      running += 1;
      expect(running).toBe(1);
      sizes.push(events.length);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    },
    { batchRows: 10 },
  );
  await Promise.all(Array.from({ length: 95 }, () => batcher.open(openingOf(randomEvent()))));
  await batcher.flush();
  expect(Math.max(...sizes)).toBe(10);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(95);
  await batcher.close();
});

test("what memory has no room for waits in the journal and comes back from it, in order and once", async () => {
  let isAway = true;
  const seen: string[] = [];
  const batcher = batcherOver(
    async (events) => {
      if (isAway) throw new Error("away");
      for (const event of events) seen.push(`${event.requestId} ${event.outcome}`);
    },
    { batchRows: 5, memoryRows: 20, segmentBytes: 4_000 },
  );
  const events = Array.from({ length: 200 }, () => randomEvent());
  for (const event of events) {
    await batcher.open(openingOf(event));
    batcher.final(event);
  }
  expect(batcher.stats()).toMatchObject({ isBehind: true });
  expect(batcher.stats().waiting).toBeLessThanOrEqual(25);
  isAway = false;
  await batcher.flush();
  for (const event of events) {
    expect(seen.filter((line) => line === `${event.requestId} completed`)).toHaveLength(1);
    expect(seen.indexOf(`${event.requestId} open`)).toBeLessThan(seen.indexOf(`${event.requestId} completed`));
  }
  await batcher.close();
});

test("a database that is away is asked again with pauses, and nothing is let go meanwhile", async () => {
  const write = vi.fn(async () => {
    throw new Error("away");
  });
  const batcher = batcherOver(write, { random: () => 0 });
  await batcher.open(openingOf(randomEvent()));
  await vi.waitFor(() => expect(write.mock.calls.length).toBeGreaterThanOrEqual(3), 30_000);
  expect(write.mock.calls.length).toBeLessThan(6);
  expect(batcher.stats().segments).toBe(1);
  write.mockImplementation(async () => undefined as never);
  await batcher.flush();
  expect(batcher.stats()).toMatchObject({ waiting: 0, inFlight: 0, failures: 0 });
  await batcher.close();
});

test("after it has closed nothing is opened any more", async () => {
  const batcher = batcherOver(async () => undefined);
  await batcher.close();
  expect(batcher.canRecord()).toBe(false);
  await expect(batcher.open(openingOf(randomEvent()))).rejects.toMatchObject({ code: "usage_unavailable" });
});
