import { describe, expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { liveFacts } from "@/test/fixtures/caller-facts";
import { createCallerCache } from "./cache";
import type { LoadedCallers } from "./caller-facts";

const digest = (name: string) => Buffer.from(name.padEnd(32, "."));
const latin1 = (name: string) => digest(name).toString("latin1");
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A cache over a database held in a map, with a clock that stands still until it is moved. */
function harness({ random = 0, ...bounds }: { random?: number; mostKnown?: number; mostAbsent?: number } = {}) {
  const rows = new Map<string, string>();
  const asked: string[][] = [];
  const timers: { at: number; run: () => void }[] = [];
  const held: (() => void)[] = [];
  const world = { now: 0, epoch: 1, error: undefined as unknown, isHeld: false };
  const cache = createCallerCache({
    ...bounds,
    now: () => world.now,
    random: () => random,
    later: (run, delayMs) =>
      delayMs === 0 ? void setImmediate(run) : void timers.push({ at: world.now + delayMs, run }),
    load: async (digests) => {
      const keys = digests.map((bytes) => bytes.toString("latin1"));
      asked.push(keys.map((key) => key.replace(/\.+$/, "")));
      if (world.error) throw world.error;
      const found = new Map();
      for (const key of keys) {
        const keyId = rows.get(key);
        if (keyId) found.set(key, liveFacts({ keyId, epoch: world.epoch, loadedAt: world.now }));
      }
      const loaded: LoadedCallers = { epoch: world.epoch, found };
      if (world.isHeld) await new Promise<void>((go) => held.push(go));
      return loaded;
    },
  });
  return {
    world,
    cache,
    asked,
    add: (secret: string, keyId = `key of ${secret}`) => rows.set(latin1(secret), keyId),
    get: (secret: string) => cache.get(digest(secret)),
    release() {
      world.isHeld = false;
      for (const go of held.splice(0)) go();
    },
    async pass(ms: number) {
      world.now += ms;
      for (const timer of timers.splice(0)) timer.at <= world.now ? timer.run() : timers.push(timer);
      await settled();
    },
  };
}

describe("a known caller", () => {
  test("is answered at once, without a promise, by the same frozen facts", async () => {
    const { add, get, asked } = harness();
    add("a");
    const facts = await get("a");
    expect(get("a")).toBe(facts);
    expect(get("a")).not.toBeInstanceOf(Promise);
    expect(asked).toEqual([["a"]]);
  });

  test("is never answered from facts older than five seconds, however often it calls and whatever the database does", async () => {
    const { add, get, world, pass } = harness();
    add("a");
    await get("a");
    world.error = new AppError("database_unavailable", "away");
    for (let passed = 0; passed < 4_999; passed += 100) {
      expect(get("a")).toMatchObject({ keyId: "key of a" });
      await pass(100);
    }
    await expect(get("a")).rejects.toMatchObject({ code: "database_unavailable" });
  });

  test("counts age from before the load began", async () => {
    const { add, get, world, release, pass } = harness();
    add("a");
    world.isHeld = true;
    const slow = get("a");
    await settled();
    await pass(4_000);
    release();
    await slow;
    await pass(1_000);
    expect(get("a")).toBeInstanceOf(Promise);
  });

  test("that keeps calling is loaded ahead and never waits", async () => {
    const { add, get, asked, pass } = harness();
    add("a");
    await get("a");
    for (let passed = 0; passed < 20_000; passed += 50) {
      await pass(50);
      expect(get("a")).not.toBeInstanceOf(Promise);
    }
    expect(asked.length).toBeLessThanOrEqual(9);
  });

  test("that fell silent is not loaded for nothing", async () => {
    const { add, get, asked, pass } = harness();
    add("a");
    await get("a");
    for (let passed = 0; passed < 20_000; passed += 1_000) await pass(1_000);
    expect(asked).toHaveLength(1);
  });
});

describe("loads", () => {
  test("of one caller happen once, of several in one statement", async () => {
    const { add, get, asked } = harness();
    add("a");
    add("b");
    const answers = await Promise.all(["a", "b", "a", "a", "b"].map(get));
    expect(answers.map((facts) => facts?.keyId)).toEqual(["a", "b", "a", "a", "b"].map((name) => `key of ${name}`));
    expect(asked).toEqual([["a", "b"]]);
  });

  test("of five hundred callers with twenty calls each ask for each once", async () => {
    const { add, get, asked } = harness();
    const names = Array.from({ length: 500 }, (_, index) => `caller ${index}`);
    names.forEach((name) => void add(name));
    await Promise.all(Array.from({ length: 20 }, () => names.map(get)).flat());
    expect(asked.flat().sort()).toEqual([...names].sort());
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  test("of strangers by the ten thousand are few statements, of which two run at once", async () => {
    const { get, asked, world, release, cache } = harness();
    world.isHeld = true;
    const flood = Promise.all(Array.from({ length: 10_000 }, (_, index) => get(`stranger ${index}`)));
    await settled();
    expect(cache.stats()).toMatchObject({ inFlight: 2, waiting: 10_000 - 512 });
    release();
    expect((await flood).every((facts) => facts === null)).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(41);
  });

  test("that fail say 503, are not repeated in a hurry, and are never an absence", async () => {
    const { add, get, asked, world, pass } = harness();
    add("a");
    world.error = new Error("connection refused");
    await expect(get("a")).rejects.toMatchObject({ code: "database_unavailable", retryAfterSeconds: 5 });
    await expect(get("a")).rejects.toMatchObject({ code: "database_unavailable" });
    expect(asked).toHaveLength(1);
    world.error = undefined;
    await pass(100);
    await expect(get("a")).resolves.toMatchObject({ keyId: "key of a" });
  });

  test("that hang do not make those behind them wait for another deadline", async () => {
    const { get, world, release } = harness();
    world.isHeld = true;
    const first = Array.from({ length: 512 }, (_, index) => get(`first ${index}`));
    await settled();
    const behind = get("behind");
    world.now = 6_000; // past any age at which their answer would count
    release();
    await expect(behind).rejects.toMatchObject({ code: "database_unavailable" });
    await expect(Promise.all(first)).rejects.toMatchObject({ code: "database_unavailable" });
  });
});

describe("a change notice", () => {
  test("drops the key's facts, of all its secrets, and nobody else's", async () => {
    const { add, get, cache, world } = harness();
    add("old", "key");
    add("new", "key");
    add("other");
    await Promise.all(["old", "new", "other"].map(get));
    world.epoch = 2;
    cache.invalidate(["key"], 2);
    expect(get("old")).toBeInstanceOf(Promise);
    expect(get("new")).toBeInstanceOf(Promise);
    expect(get("other")).not.toBeInstanceOf(Promise);
  });

  test("that facts already contain drops nothing", async () => {
    const { add, get, cache, world } = harness();
    add("a");
    world.epoch = 2;
    await get("a");
    cache.invalidate(["key of a"], 2);
    cache.invalidate("all", 2);
    expect(get("a")).not.toBeInstanceOf(Promise);
  });

  test("overtaking a load makes it ask again: facts from before the change are neither kept nor answered", async () => {
    const { add, get, cache, world, release, asked } = harness();
    add("a");
    world.isHeld = true;
    const slow = get("a");
    await settled();
    world.epoch = 2;
    cache.invalidate(["key of a"], 2);
    release();
    await expect(slow).resolves.toMatchObject({ epoch: 2 });
    expect(get("a")).toMatchObject({ epoch: 2 });
    expect(asked).toHaveLength(2);
  });

  test("of another key does not disturb a load", async () => {
    const { add, get, cache, world, release, asked } = harness();
    add("a");
    world.isHeld = true;
    const slow = get("a");
    await settled();
    world.epoch = 2;
    cache.invalidate(["another key"], 2);
    release();
    await expect(slow).resolves.toMatchObject({ epoch: 1 });
    expect(asked).toHaveLength(1);
  });

  test("of every key clears what a database that is no more has said", async () => {
    const { add, get, cache, world } = harness();
    add("a");
    world.epoch = 900;
    await get("a");
    world.epoch = 3; // restored from a backup
    cache.invalidate("all", 3);
    await expect(get("a")).resolves.toMatchObject({ epoch: 3 });
  });
});

describe("an unknown secret", () => {
  test("is remembered for two seconds and no longer, however often it is tried", async () => {
    const { get, asked, pass, add } = harness();
    await expect(get("new")).resolves.toBeNull();
    add("new");
    for (let passed = 0; passed < 2_000; passed += 100) {
      expect(get("new")).toBeNull();
      await pass(100);
    }
    await expect(get("new")).resolves.toMatchObject({ keyId: "key of new" });
    expect(asked).toHaveLength(2);
  });

  test("works at once when a notice says that some key changed", async () => {
    const { get, add, cache, world } = harness();
    await get("new");
    add("new");
    world.epoch = 2;
    cache.invalidate(["key of new"], 2);
    await expect(get("new")).resolves.toMatchObject({ keyId: "key of new" });
  });

  test("whose key is created while it is looked up is looked up again", async () => {
    const { get, add, cache, world, release } = harness();
    world.isHeld = true;
    const early = get("new");
    await settled();
    add("new");
    world.epoch = 2;
    cache.invalidate(["key of new"], 2);
    release();
    await expect(early).resolves.toMatchObject({ keyId: "key of new" });
  });
});

test("memory is bounded: the longest unused go first, an eighth at a time", async () => {
  const { add, get, cache } = harness({ mostKnown: 16, mostAbsent: 8 });
  for (let index = 0; index <= 16; index += 1) {
    add(`caller ${index}`);
    await get(`caller ${index}`);
  }
  for (let index = 0; index <= 8; index += 1) await get(`stranger ${index}`);
  expect(cache.stats()).toMatchObject({ known: 14, absent: 7 });
  expect(get("caller 0")).toBeInstanceOf(Promise);
  expect(get("caller 16")).not.toBeInstanceOf(Promise);
});
