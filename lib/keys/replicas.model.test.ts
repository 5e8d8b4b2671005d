import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { liveFacts } from "@/test/fixtures/caller-facts";
import { createCallerCache } from "./cache";
import type { CallerFacts } from "./caller-facts";
import { watchKeyChanges } from "./changes";
import { verdictOn } from "./verdict";

// Several replicas with their real cache and their real watch, over a simulated database and simulated lines, in simulated
// time. Notices get lost, answers are late, the database goes away, replicas stand still. Every answer a replica gives is
// held against the history that a single thread wrote down.

beforeEach(() => {
  const toFake = [
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
    "setImmediate",
    "performance",
    "Date",
  ] as const;
  vi.useFakeTimers({ toFake: [...toFake] });
});
afterEach(() => void vi.useRealTimers());

const HARD_MS = 5_000;
const ABSENT_MS = 2_000;
/** A reading of the clock is uncertain by half of its round trip, of which more than a second is not used. */
const CLOCK_ERROR_MS = 500;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What is true of one key from `at` on. */
type KeyState = { at: number; revoked: boolean; disabled: boolean; expiresAt: number };
type Key = { id: string; states: KeyState[]; secrets: number[]; noticedBy: Map<number, number> };
type Secret = { key: Key; createdAt: number; lives: { at: number; endsAt: number }[] };

/** The truth: a list of changes, written by one thread. */
function createWorld(replicaCount: number) {
  const keys: Key[] = [];
  const secrets: (Secret | undefined)[] = [];
  const changes: { epoch: number; keyIds: string[] }[] = [];
  const lines = Array.from({ length: replicaCount }, () => ({
    notice: (_: string): void => undefined,
    isLossy: false,
    canPoll: true,
    delayMs: 1,
    resumedAt: 0,
    /** When the last notice of any key arrived. */
    noticedAt: -Infinity,
  }));
  const trouble = { isAway: false };

  /** Commits a change of one key and sends its notice to whoever can hear. */
  function commit(key: Key) {
    const epoch = changes.length + 1;
    const committedAt = Date.now();
    changes.push({ epoch, keyIds: [key.id] });
    lines.forEach((line, index) => {
      if (line.isLossy || trouble.isAway) return;
      void held(index, 1).then(() => {
        line.notice(JSON.stringify({ epoch, keyIds: [key.id] }));
        key.noticedBy.set(index, Math.max(key.noticedBy.get(index) ?? -Infinity, committedAt));
        line.noticedAt = Math.max(line.noticedAt, committedAt);
      });
    });
  }

  /** Passes time on the line to a replica, and whatever time the replica stands still. */
  async function held(index: number, ms: number) {
    await sleep(ms);
    while (Date.now() < (lines[index]?.resumedAt ?? 0)) await sleep((lines[index]?.resumedAt ?? 0) - Date.now());
  }

  /** Asks the database: the question travels, the answer is made, the answer travels. */
  async function query<T>(index: number, read: () => T): Promise<T> {
    const delayMs = lines[index]?.delayMs ?? 0;
    await sleep(delayMs);
    const isLost = trouble.isAway;
    const value = isLost ? undefined : read();
    await held(index, delayMs);
    if (isLost || value === undefined) throw new Error("away");
    return value;
  }

  function factsOf(secret: Secret, loadedAt: number): CallerFacts {
    const state = last(secret.key.states);
    const endsAt = last(secret.lives).endsAt;
    return liveFacts({
      keyId: secret.key.id,
      epoch: changes.length,
      loadedAt,
      keyRevokedAtMs: state.revoked ? state.at : null,
      memberDisabledAtMs: state.disabled ? state.at : null,
      keyExpiresAtMs: state.expiresAt === Infinity ? null : state.expiresAt,
      secretExpiresAtMs: endsAt === Infinity ? null : endsAt,
      secretReplacedAtMs: endsAt === Infinity ? null : last(secret.lives).at,
    });
  }

  return { keys, secrets, lines, trouble, changes, commit, query, factsOf };
}

type World = ReturnType<typeof createWorld>;

const last = <T>(list: readonly T[]): T => {
  const item = list.at(-1);
  if (item === undefined) throw new Error("empty");
  return item;
};

const digestOf = (secret: number) => Buffer.from(`${secret}`.padStart(32, "0"));

function openReplica({ query, changes, secrets, factsOf, lines }: World, index: number) {
  const cache = createCallerCache({
    load: (digests) =>
      query(index, () => {
        const found = new Map<string, CallerFacts>();
        for (const digest of digests) {
          const secret = secrets[Number(digest.toString("latin1"))];
          if (secret) found.set(digest.toString("latin1"), factsOf(secret, 0));
        }
        return { epoch: changes.length, found };
      }),
  });
  const line = lines[index];
  const watch = watchKeyChanges({
    connectionString: "",
    readEpoch: () => {
      if (line && !line.canPoll) return Promise.reject(new Error("the poll is cut"));
      return query(index, () => ({ epoch: changes.length, dbNowMs: Date.now() }));
    },
    changesSince: (epoch) => query(index, () => changes.slice(epoch)),
    notify: async () => undefined,
    trim: async () => undefined,
    onChange: cache.invalidate,
    log: { info: () => undefined, warn: () => undefined },
    wall: () => Date.now() + (index - 1) * 600_000,
    listen: ({ onNotice }) => {
      if (line) line.notice = onNotice;
      return { stop: async () => undefined };
    },
  });
  return { cache, watch };
}

function wasLive(secret: Secret | undefined, at: number): boolean {
  const life = secret?.lives.findLast((each) => each.at <= at);
  const state = secret?.key.states.findLast((each) => each.at <= at);
  if (!secret || !life || !state || at < secret.createdAt) return false;
  return !state.revoked && !state.disabled && at < state.expiresAt && at < life.endsAt;
}

/** Whether the secret was live (or dead) at some moment between the two. */
function wasEver(wanted: boolean, secret: Secret | undefined, from: number, to: number): boolean {
  const turns = [from, to];
  for (const { at, endsAt } of secret?.lives ?? []) turns.push(at, at - 1, endsAt, endsAt - 1);
  for (const { at, expiresAt } of secret?.key.states ?? []) turns.push(at, at - 1, expiresAt, expiresAt - 1);
  return turns.some((turn) => turn >= from && turn <= to && wasLive(secret, turn) === wanted);
}

const SECRETS = 6;
const pick = fc.nat(1_000);
const step = fc.record({
  passMs: fc.oneof(
    { weight: 5, arbitrary: fc.nat(40) },
    { weight: 2, arbitrary: fc.nat(900) },
    { weight: 1, arbitrary: fc.nat(4_000) },
  ),
  replica: pick,
  secret: fc.nat(SECRETS - 1),
  act: fc.oneof(
    { weight: 14, arbitrary: fc.constant({ kind: "request" } as const) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("create" as const),
        livesMs: fc.constantFrom(Infinity, Infinity, 900, 6_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("rotate" as const), graceMs: fc.constantFrom(0, 700, 3_000) }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "revoke" } as const) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("disable" as const), disabled: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose notices" as const), isLossy: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut the poll" as const), canPoll: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("delay" as const), delayMs: fc.constantFrom(1, 1, 30, 400, 2_800) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("away" as const), isAway: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("stand still" as const), forMs: fc.constantFrom(50, 1_500, 9_000) }),
    },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays the steps, with a request to some replica after each of them, and returns what every request was told. */
async function play(replicaCount: number, steps: readonly Step[], { withTrouble = true, areBlind = false } = {}) {
  const world = createWorld(replicaCount);
  const replicas = world.lines.map((_, index) => openReplica(world, index));
  await vi.advanceTimersByTimeAsync(10);
  if (areBlind) for (const line of world.lines) Object.assign(line, { isLossy: true, canPoll: false });
  const pending: Promise<void>[] = [];
  const told = { live: 0, dead: 0, unknown: 0, unavailable: 0 };

  async function request(replicaIndex: number, secretIndex: number) {
    const replica = replicas[replicaIndex];
    const line = world.lines[replicaIndex];
    if (!replica || !line || Date.now() < line.resumedAt) return; // it stands still: nobody is answered
    const before = world.secrets[secretIndex];
    const noticedAt = before?.key.noticedBy.get(replicaIndex) ?? -Infinity;
    const anyNoticedAt = line.noticedAt;
    let facts: CallerFacts | null;
    let isLive = false;
    let isRemembered = false;
    try {
      const answer = replica.cache.get(digestOf(secretIndex));
      isRemembered = !(answer instanceof Promise);
      facts = answer instanceof Promise ? await answer : answer;
      isLive = facts !== null && verdictOn(facts, replica.watch.dbNow()).ok;
    } catch (error) {
      expect(error).toMatchObject({ code: "database_unavailable" });
      expect(withTrouble, "503 from a healthy database").toBe(true);
      told.unavailable += 1;
      return;
    }
    const answeredAt = Date.now();
    const secret = world.secrets[secretIndex];
    if (isLive) {
      told.live += 1;
      // Not later than the bound after it ended, and not at all once the notice of it had arrived.
      const from = Math.max(answeredAt - HARD_MS, noticedAt);
      expect(wasEver(true, secret, from - CLOCK_ERROR_MS, answeredAt), "accepted a dead secret").toBe(true);
      if (noticedAt > -Infinity && !wasLive(secret, noticedAt)) {
        expect(wasEver(true, secret, noticedAt, answeredAt), "accepted a secret whose end was announced").toBe(true);
      }
    } else if (facts === null) {
      told.unknown += 1;
      const from = Math.max(answeredAt - (isRemembered ? ABSENT_MS : HARD_MS), anyNoticedAt);
      expect(wasEver(false, secret, from, answeredAt), "called a live secret unknown").toBe(true);
    } else {
      told.dead += 1;
      const from = Math.max(answeredAt - HARD_MS, noticedAt);
      expect(wasEver(false, secret, from, answeredAt + CLOCK_ERROR_MS), "refused a live secret").toBe(true);
    }
  }

  for (const { passMs, replica, secret, act } of steps) {
    await vi.advanceTimersByTimeAsync(passMs);
    const index = replica % replicaCount;
    const line = world.lines[index];
    const target = world.secrets[secret];
    const now = Date.now();
    if (act.kind === "request") {
      // The random requests below are all there is.
    } else if (act.kind === "create") {
      if (!target) {
        const key: Key = {
          id: `key ${world.keys.length}`,
          states: [{ at: now, revoked: false, disabled: false, expiresAt: now + act.livesMs }],
          secrets: [secret],
          noticedBy: new Map(),
        };
        world.keys.push(key);
        world.secrets[secret] = { key, createdAt: now, lives: [{ at: now, endsAt: Infinity }] };
        world.commit(key);
      }
    } else if (act.kind === "rotate") {
      const fresh = world.secrets.findIndex((each, at) => each === undefined && at < SECRETS);
      if (target && fresh >= 0 && last(target.lives).endsAt === Infinity && !last(target.key.states).revoked) {
        target.lives.push({ at: now, endsAt: Math.min(now + act.graceMs, last(target.key.states).expiresAt) });
        target.key.secrets.push(fresh);
        world.secrets[fresh] = { key: target.key, createdAt: now, lives: [{ at: now, endsAt: Infinity }] };
        world.commit(target.key);
      }
    } else if (act.kind === "revoke" || act.kind === "disable") {
      if (target) {
        const state = last(target.key.states);
        const changed = act.kind === "revoke" ? { revoked: true } : { disabled: act.disabled };
        target.key.states.push({ ...state, ...changed, at: now });
        world.commit(target.key);
      }
    } else if (line && withTrouble) {
      if (act.kind === "lose notices") line.isLossy = areBlind || act.isLossy;
      if (act.kind === "cut the poll") line.canPoll = act.canPoll && !areBlind;
      if (act.kind === "delay") line.delayMs = act.delayMs;
      if (act.kind === "away") world.trouble.isAway = act.isAway;
      if (act.kind === "stand still") line.resumedAt = now + act.forMs;
    }
    pending.push(request(index, secret), request((index + 1) % replicaCount, secret));
  }
  // Trouble ends, and everything comes back by itself.
  world.trouble.isAway = false;
  for (const line of world.lines) Object.assign(line, { isLossy: false, canPoll: true, delayMs: 1 });
  await vi.advanceTimersByTimeAsync(20_000);
  await Promise.all(pending);
  for (const [index, secret] of world.secrets.entries()) {
    for (const replica of replicas) {
      const answering = replica.cache.get(digestOf(index));
      await vi.advanceTimersByTimeAsync(50);
      const facts = await answering;
      const isLive = facts !== null && verdictOn(facts, replica.watch.dbNow()).ok;
      expect(isLive, "still wrong after the trouble ended").toBe(wasLive(secret, Date.now()));
    }
  }
  await Promise.all(replicas.map((replica) => replica.watch.stop()));
  return told;
}

const history = fc.array(step, { minLength: 10, maxLength: 70 });

test("whatever gets lost, late or stuck: no dead secret is accepted past the bound, no live one is refused but by 503", async () => {
  const told = { live: 0, dead: 0, unknown: 0, unavailable: 0 };
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.boolean(), history, async (replicaCount, areBlind, steps) => {
      const each = await play(replicaCount, steps, { areBlind });
      for (const kind of ["live", "dead", "unknown", "unavailable"] as const) told[kind] += each[kind];
    }),
    { numRuns: 400 },
  );
  // The histories are not idle ones.
  expect(Math.min(told.live, told.dead, told.unknown, told.unavailable)).toBeGreaterThan(50);
}, 120_000);

test("with nothing lost, late or stuck there is no 503 at all, and every change counts as soon as its notice arrives", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 4 }), history, async (replicaCount, steps) => {
      await play(replicaCount, steps, { withTrouble: false });
    }),
    { numRuns: 100 },
  );
}, 120_000);
