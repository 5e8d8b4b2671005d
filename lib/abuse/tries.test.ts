import { expect, test } from "vitest";
import { createTries, MOST_TRIES } from "./tries";

function rig(mostSources?: number) {
  let at = 0;
  const reports: [string, number][] = [];
  const tries = createTries({
    now: () => at,
    onFlood: (source, failures) => reports.push([source, failures]),
    ...(mostSources !== undefined && { mostSources }),
  });
  const fail = (times: number, source = "a") => {
    for (let i = 0; i < times; i += 1) tries.count(source);
  };
  return { tries, fail, reports, pass: (ms: number) => (at += ms) };
}

test("a source is over the limit from its sixtieth failure in a row, and nobody else is", () => {
  const { tries, fail } = rig();
  fail(MOST_TRIES - 1);
  expect([tries.isOver("a"), tries.isQuiet()]).toEqual([false, true]);
  fail(1);
  expect([tries.isOver("a"), tries.isOver("b"), tries.isQuiet(), tries.countOver()]).toEqual([true, false, false, 1]);
});

test("one failure a second is never too many", () => {
  const { tries, fail, pass } = rig();
  for (let second = 0; second < 1_000; second += 1) {
    fail(1);
    pass(1_000);
  }
  expect(tries.isOver("a")).toBe(false);
});

test("whoever stops is free again within two minutes, however long it went on", () => {
  const { tries, fail, pass } = rig();
  fail(1_000_000);
  pass(59_000);
  expect(tries.isOver("a")).toBe(true);
  pass(2_000);
  expect([tries.isOver("a"), tries.isQuiet(), tries.countOver()]).toEqual([false, true, 0]);
});

test("a source is reported once an hour, with what came since", () => {
  const { fail, reports, pass } = rig();
  fail(100);
  pass(1_800_000);
  fail(100);
  expect(reports).toEqual([["a", 60]]);
  pass(1_800_000);
  fail(100);
  expect(reports).toEqual([
    ["a", 60],
    ["a", 200],
  ]);
});

test("a million sources take no more memory than ten thousand", () => {
  const { tries, fail } = rig();
  fail(MOST_TRIES, "persistent");
  for (let source = 0; source < 1_000_000; source += 1) {
    tries.count(`s${source}`);
    if (source % 1_000 === 0) tries.count("persistent");
    if (tries.size() > 10_000) throw new Error(`${tries.size()} sources are kept`);
  }
  expect(tries.isOver("persistent")).toBe(true);
});
