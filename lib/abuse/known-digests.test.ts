import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createKnownDigests } from "./known-digests";

function rig(first: Buffer[]) {
  let at = 0;
  let digests = first;
  const state = { reads: 0, isAway: false };
  const known = createKnownDigests({
    now: () => at,
    load: async (bytes) => {
      state.reads += 1;
      if (state.isAway) throw new Error("away");
      return digests.map((digest) => digest.toString("latin1", 0, bytes));
    },
  });
  return { known, state, pass: (ms: number) => (at += ms), become: (next: Buffer[]) => (digests = next) };
}

const [mine, other] = [randomBytes(32), randomBytes(32)];

test("ten thousand strings cost one query, and a real one is told apart", async () => {
  const { known, state } = rig([mine]);
  const strangers = await Promise.all(Array.from({ length: 10_000 }, () => known.has(randomBytes(32))));
  expect([strangers.some(Boolean), await known.has(mine), state.reads]).toEqual([false, true, 1]);
});

test("a new secret is known within ten seconds, and within one where the change was heard", async () => {
  const { known, pass, become } = rig([mine]);
  await known.has(mine);
  become([mine, other]);
  pass(1_000);
  expect(await known.has(other)).toBe(false);
  known.keyChanged();
  expect(await known.has(other)).toBe(true);
  become([mine]);
  pass(10_000);
  expect(await known.has(other)).toBe(false);
});

test("while the database can't say, nobody is taken for a stranger", async () => {
  const { known, state } = rig([]);
  state.isAway = true;
  expect(await known.has(mine)).toBe(true);
});

test("of too many secrets to hold, nobody is taken for a stranger either", async () => {
  const { known } = rig(Array.from({ length: 100_001 }, () => mine));
  expect(await known.has(other)).toBe(true);
});
