import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connections } from "@/lib/http/connections";
import type { Call } from "./check";
import { choosePod, loadOf } from "./choose-pod";
import { type LivePod, newPod, setKeys, tryOtherKey } from "./live-pod";
import type { PodFacts } from "./queries";

const WALL = 1_000_000;
const call = { model: "llama", needs: [] } as unknown as Call;

function pod(id: string, facts: Partial<PodFacts> = {}, inFlight = 0): LivePod {
  const made = newPod(
    {
      id,
      state: "serving",
      models: ["llama"],
      pausedAtMs: null,
      weight: 1,
      requestsWaiting: null,
      gaugesAtMs: null,
      ...facts,
    } as PodFacts,
    {} as Connections,
    "",
  );
  made.inFlight = inFlight;
  return made;
}

const choose = (pods: LivePod[], more: { affinity?: string | null; except?: ReadonlySet<LivePod> } = {}) =>
  choosePod(pods, call, { now: 0, wallMs: WALL, ...more });

describe("a call goes to", () => {
  test("the pod with the least in flight for its weight", () => {
    expect(choose([pod("a", {}, 3), pod("b", {}, 2)])?.facts.id).toBe("b");
    expect(choose([pod("a", { weight: 4 }, 6), pod("b", { weight: 1 }, 2)])?.facts.id).toBe("a");
  });

  test("the one with fewer calls in vLLM's own queue, as long as that is news", () => {
    const queued = { requestsWaiting: 5, gaugesAtMs: WALL - 5_000 };
    expect(choose([pod("a", queued, 0), pod("b", {}, 2)])?.facts.id).toBe("b");
    expect(choose([pod("a", { ...queued, gaugesAtMs: WALL - 60_000 }, 0), pod("b", {}, 2)])?.facts.id).toBe("a");
  });

  test("one that fails calls only where no other can take it, however little it has to do", () => {
    const [failing, busy] = [pod("failing"), pod("busy", {}, 9)];
    for (let i = 0; i < 3; i += 1) failing.doubts.fail(0);
    expect(choose([failing, busy])?.facts.id).toBe("busy");
    expect(choose([busy, failing])?.facts.id).toBe("busy");
    expect(choose([failing, busy], { affinity: "a" })?.facts.id).toBe("busy");
    expect(choose([failing])?.facts.id).toBe("failing");
    busy.doubts.fail(0);
    failing.doubts.succeed();
    expect(choose([failing, busy])?.facts.id).toBe("failing");
  });

  test("none that is paused, away, tried, broken or serves something else", () => {
    const tried = pod("tried");
    const broken = pod("broken");
    for (let i = 0; i < 3; i += 1) broken.breaker.fail(0);
    const states = ["loading", "asleep", "unreachable", "refusing_key", "failing", "unknown"];
    const pods = [
      pod("paused", { pausedAtMs: 1 }),
      pod("other", { models: ["qwen"] }),
      ...states.map((state) => pod(state, { state })),
      tried,
      broken,
    ];
    expect(choose(pods, { except: new Set([tried]) })).toBeNull();
    expect(choose(pods)).toBe(tried);
  });
});

describe("with an affinity", () => {
  const ids = fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 6 });

  test("idle pods are always met alike, in whatever order they are listed", () => {
    fc.assert(
      fc.property(ids, fc.string(), (names, affinity) => {
        const one = choose(
          names.map((id) => pod(id)),
          { affinity },
        )?.facts.id;
        const other = choose(
          names.toReversed().map((id) => pod(id)),
          { affinity },
        )?.facts.id;
        expect(one).toBe(other);
      }),
    );
  });

  test("a pod that goes moves only the conversations that it had", () => {
    fc.assert(
      fc.property(ids, fc.array(fc.string(), { maxLength: 20 }), (names, affinities) => {
        const [gone, ...left] = names.map((id) => pod(id));
        if (gone === undefined || left.length === 0) return;
        for (const affinity of affinities) {
          const before = choose([gone, ...left], { affinity });
          if (before !== gone) expect(choose(left, { affinity })).toBe(before);
        }
      }),
    );
  });

  test("no pod has much more than its share, however many ask for the same", () => {
    fc.assert(
      fc.property(ids, fc.array(fc.nat(2), { minLength: 1, maxLength: 120 }), fc.nat(3), (names, calls, weight) => {
        const pods = names.map((id, index) => pod(id, { weight: index === 0 ? weight + 1 : 1 }));
        for (const affinity of calls) {
          const chosen = choose(pods, { affinity: String(affinity) });
          if (chosen !== null) chosen.inFlight += 1;
        }
        const weights = pods.reduce((sum, { facts }) => sum + facts.weight, 0);
        for (const { facts, inFlight } of pods) {
          expect(inFlight).toBeLessThanOrEqual(Math.ceil((1.25 * calls.length * facts.weight) / weights));
        }
        expect(pods.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(calls.length);
      }),
    );
  });

  test("conversations spread over the pods by their weight", () => {
    const pods = [pod("018f-a", { weight: 3 }), pod("018f-b", { weight: 1 })];
    const first = Array.from({ length: 2_000 }, (_, index) => choose(pods, { affinity: `c${index}` })).filter(
      (chosen) => chosen === pods[0],
    );
    expect(first.length).toBeGreaterThan(1_400);
    expect(first.length).toBeLessThan(1_600);
  });
});

test("load counts what runs and what waits, for the pod's weight", () => {
  expect(loadOf(pod("a", { weight: 2, requestsWaiting: 4, gaugesAtMs: WALL }, 2), WALL)).toBe(3);
});

describe("while a key is changed", () => {
  test("the one that works stays the first, whichever of the two it is", () => {
    const one = pod("a");
    setKeys(one, "old", null);
    setKeys(one, "new", "old");
    expect([one.authorization, one.otherAuthorization]).toEqual(["old", "new"]);
    expect(tryOtherKey(one, "old")).toBe(true);
    expect([one.authorization, one.otherAuthorization]).toEqual(["new", "old"]);
    setKeys(one, "new", "old");
    expect([one.authorization, one.otherAuthorization]).toEqual(["new", "old"]);
    setKeys(one, "new", null);
    expect(tryOtherKey(one, "new")).toBe(false);
  });

  test("calls that were refused together change it once", () => {
    const one = pod("a");
    setKeys(one, "new", "old");
    expect([tryOtherKey(one, "new"), tryOtherKey(one, "new")]).toEqual([true, true]);
    expect(one.authorization).toBe("old");
  });
});
