import { expect, test } from "vitest";
import { createReadiness } from "./readiness";

const NEEDED = ["20261122000000_init", "20261123000000_more"];

function world(given: { applied?: readonly string[] } = {}) {
  const state = {
    at: 0,
    asked: 0,
    isStopping: false,
    others: [] as string[],
    ask: (): Promise<readonly string[]> => Promise.resolve(given.applied ?? NEEDED),
  };
  const unreadiness = createReadiness({
    appliedMigrations: () => {
      state.asked += 1;
      return state.ask();
    },
    neededMigrations: NEEDED,
    isStopping: () => state.isStopping,
    otherReasons: () => state.others,
    now: () => state.at,
    patienceMs: 20,
  });
  return { state, unreadiness };
}

test("a database of this version, or of a later one, is ready", async () => {
  expect(await world().unreadiness()).toEqual([]);
  expect(await world({ applied: [...NEEDED, "20270101000000_later"] }).unreadiness()).toEqual([]);
});

test("what is missing is named", async () => {
  expect(await world({ applied: NEEDED.slice(0, 1) }).unreadiness()).toEqual([
    "migrations are missing: 20261123000000_more",
  ]);
});

test("an empty database and one that is away are told apart, without PostgreSQL's own words", async () => {
  const { state, unreadiness } = world();
  state.ask = () => Promise.reject(Object.assign(new Error('relation "_prisma_migrations"'), { code: "42P01" }));
  expect(await unreadiness()).toEqual(["the database has not been set up"]);
  state.at += 1_000;
  state.ask = () => Promise.reject(new Error("connect ECONNREFUSED 10.1.2.3:5432"));
  expect(await unreadiness()).toEqual(["the database cannot be reached"]);
});

test("many who ask at once cost one question, and one a second", async () => {
  const { state, unreadiness } = world();
  await Promise.all(Array.from({ length: 50 }, unreadiness));
  state.at = 999;
  await unreadiness();
  expect(state.asked).toBe(1);
  state.at = 1_000;
  await unreadiness();
  expect(state.asked).toBe(2);
});

test("a database that hangs is told within the patience, then at once, and its return as soon as it answers", async () => {
  const { state, unreadiness } = world();
  let answer: (names: readonly string[]) => void = () => undefined;
  state.ask = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  expect(await unreadiness()).toEqual(["the database does not answer"]);
  state.at = 20;
  expect(await unreadiness()).toEqual(["the database does not answer"]);
  expect(state.asked).toBe(1);
  answer(NEEDED);
  await new Promise(setImmediate);
  expect(await unreadiness()).toEqual([]);
});

test("a stop counts from its first moment, even under a question that is on its way", async () => {
  const { state, unreadiness } = world();
  const asked = unreadiness();
  state.isStopping = true;
  expect(await asked).toEqual(["shutting down"]);
  expect(await unreadiness()).toEqual(["shutting down"]);
  expect(state.asked).toBe(1);
});

test("what else is wrong is said while the database itself is well", async () => {
  const { state, unreadiness } = world();
  state.others = ["something else"];
  expect(await unreadiness()).toEqual(["something else"]);
});
