import fc from "fast-check";
import { expect, test } from "vitest";
import { POD_PROBLEMS, type PodProblem } from "./connection";
import { afterSighting, type PodHealth, type PodState, type Sighting, UNSEEN } from "./health";

const start = new Date("2026-11-22T12:00:00Z").getTime();

/** `ok` or a problem, one sighting a second. */
function watch(...found: ("ok" | PodProblem)[]): PodHealth {
  return found.reduce<PodHealth>((health, what, index) => {
    const sighting: Sighting = what === "ok" ? { ok: true } : { ok: false, reason: what };
    return afterSighting(health, sighting, new Date(start + index * 1_000));
  }, UNSEEN);
}

test.each<[string, PodState, ("ok" | PodProblem)[]]>([
  ["the first sighting decides", "serving", ["ok"]],
  ["the first sighting decides", "loading", ["loading"]],
  ["one lost probe is no outage", "serving", ["ok", "timeout"]],
  ["one lost probe now and then is none either", "serving", ["ok", "timeout", "ok", "timeout", "ok"]],
  ["two in a row are one", "unreachable", ["ok", "timeout", "timeout"]],
  ["also for different reasons, the last of which counts", "refusing_key", ["ok", "timeout", "wrong_key"]],
  ["one answer is no recovery", "unreachable", ["refused", "ok"]],
  ["two in a row are one", "serving", ["refused", "ok", "ok"]],
  ["not with a failure between", "unreachable", ["refused", "ok", "refused", "ok"]],
  ["a model that has loaded serves at once", "serving", ["loading", "ok"]],
  ["a key that is accepted again serves at once", "serving", ["wrong_key", "ok"]],
  ["a pod that starts is no longer unreachable", "loading", ["refused", "loading"]],
  ["a dead engine fails", "failing", ["engine_dead"]],
])("%s: %s", (_, state, found) => {
  expect(watch(...found).state).toBe(state);
});

test("a state knows since when and why, also when the reason changes within it", () => {
  expect(watch("ok", "timeout", "timeout", "refused")).toEqual({
    state: "unreachable",
    since: new Date(start + 2_000),
    reason: "refused",
    leaning: null,
  });
  expect(watch("refused", "ok", "ok").reason).toBeNull();
});

test("whatever came before, two equal sightings settle the state", () => {
  const found = fc.constantFrom<"ok" | PodProblem>("ok", ...POD_PROBLEMS);
  fc.assert(
    fc.property(fc.array(found), found, (before, last) => {
      expect(watch(...before, last, last).state).toBe(watch(last).state);
    }),
  );
});
