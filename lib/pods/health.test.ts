import fc from "fast-check";
import { expect, test } from "vitest";
import { POD_PROBLEMS, type PodProblem } from "./connection";
import {
  afterSighting,
  asleep,
  mayServeSoon,
  type PodHealth,
  type PodState,
  type Sighting,
  stopping,
  UNSEEN,
  waking,
} from "./health";

const start = new Date("2026-11-22T12:00:00Z").getTime();

/** `ok` or a problem, one sighting a second. */
function watch(...found: ("ok" | PodProblem)[]): PodHealth {
  return watchFrom(UNSEEN, ...found);
}

function watchFrom(first: PodHealth, ...found: ("ok" | PodProblem)[]): PodHealth {
  return found.reduce<PodHealth>((health, what, index) => {
    const sighting: Sighting = what === "ok" ? { ok: true } : { ok: false, reason: what };
    return afterSighting(health, sighting, new Date(start + index * 1_000));
  }, first);
}

/** What a look can find: a pod that is being woken was told so, not seen. */
const SEEN = POD_PROBLEMS.filter((problem) => problem !== "waking" && problem !== "stopping");
const SILENT = SEEN.filter((problem) => watch(problem).state === "unreachable");
const found = fc.constantFrom<"ok" | PodProblem>("ok", ...SEEN);

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
  ["one that makes no tokens fails", "failing", ["ok", "no_tokens", "no_tokens"]],
  ["and is back after two looks", "serving", ["no_tokens", "ok", "ok"]],
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
  fc.assert(
    fc.property(fc.array(found), found, (before, last) => {
      expect(watch(...before, last, last).state).toBe(watch(last).state);
    }),
  );
});

test("a pod that serves stays serving whatever is seen once between two good looks", () => {
  fc.assert(
    fc.property(fc.array(found), (problems) => {
      const seen = problems.flatMap((problem) => ["ok" as const, problem]);
      expect(watch("ok", ...seen, "ok").state).toBe("serving");
    }),
  );
});

test("its time and its state change together, or not at all", () => {
  fc.assert(
    fc.property(fc.array(found, { minLength: 1 }), (seen) => {
      let before = UNSEEN;
      seen.forEach((_, index) => {
        const after = watch(...seen.slice(0, index + 1));
        expect(after.since?.getTime() === before.since?.getTime()).toBe(after.state === before.state);
        before = after;
      });
    }),
  );
});

test("a pod that sleeps is silent for as long as it likes, and anything it says ends that", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...SILENT)), (silence) => {
      expect(watchFrom(asleep(new Date(start)), ...silence).state).toBe("asleep");
      expect(watchFrom(asleep(new Date(start)), ...silence, "ok").state).toBe("serving");
      expect(watchFrom(asleep(new Date(start)), ...silence, "loading").state).toBe("loading");
    }),
  );
});

test("a pod that is being stopped may answer for a while, until it is silent", () => {
  const stopped = stopping(new Date(start));
  expect(watchFrom(stopped, "ok", "loading", "ok")).toMatchObject({ state: "asleep", reason: "stopping" });
  expect(watchFrom(stopped, "ok", "refused")).toMatchObject({ state: "asleep", reason: null });
  expect(watchFrom(stopped, "ok", "refused", "ok").state).toBe("serving");
  expect(afterSighting(stopped, { ok: true }, new Date(start + 3 * 60_000)).state).toBe("serving");
});

test("a pod that is being woken loads while it is silent, but not for ever", () => {
  const woken = waking(new Date(start));
  expect(watchFrom(woken, "refused", "not_vllm", "timeout")).toMatchObject({ state: "loading", reason: "waking" });
  expect(watchFrom(woken, "refused", "ok").state).toBe("serving");
  const later = new Date(start + 15 * 60_000);
  expect(afterSighting(woken, { ok: false, reason: "refused" }, later).state).toBe("unreachable");
});

test.each<[string, string | null, number, boolean]>([
  ["loading", "loading", 0, true],
  ["unknown", null, 0, true],
  ["unreachable", "refused", 60_000, true],
  ["unreachable", "refused", 16 * 60_000, false],
  ["unreachable", "tls", 0, false],
  ["unreachable", "not_vllm", 0, false],
  ["refusing_key", "wrong_key", 0, false],
  ["failing", "no_tokens", 0, false],
  ["asleep", null, 0, false],
])("calls may wait for a pod that is %s (%s) for %i ms: %s", (state, reason, forMs, may) => {
  expect(mayServeSoon(state, reason, start, start + forMs)).toBe(may);
});

test("a vLLM that is started again may be waited for however long its model takes to load, up to a quarter of an hour", () => {
  const minutes = fc.integer({ min: 1, max: 14 });
  const reason = fc.constantFrom<PodProblem>("refused", "refused_here", "broken");
  fc.assert(
    fc.property(minutes, fc.array(reason, { minLength: 1, maxLength: 5 }), (loadsFor, reasons) => {
      const looks = Array.from({ length: loadsFor * 60 }, (_, second) => reasons[second % reasons.length] ?? "refused");
      let health = watch("ok");
      looks.forEach((problem, second) => {
        const at = start + (second + 1) * 1_000;
        health = afterSighting(health, { ok: false, reason: problem }, new Date(at));
        const { state, reason: why, since } = health;
        expect(state === "serving" || mayServeSoon(state, why, since?.getTime() ?? null, at)).toBe(true);
      });
      expect(watchFrom(health, "ok", "ok").state).toBe("serving");
    }),
    { numRuns: 20 },
  );
});
