import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import type { Connections } from "@/lib/http/connections";
import { createFairQueue } from "@/lib/pods/queue";
import { createAskAgain } from "./ask-again";
import type { Attempt } from "./attempt";
import type { Call } from "./check";
import { choosePod } from "./choose-pod";
import type { Client } from "./client";
import type { Relayed } from "./forward";
import { type LivePod, newPod, setKeys, tryOtherKey } from "./live-pod";
import { Place } from "./place";
import type { PodFacts } from "./queries";
import { NO_TOKENS } from "./tokens";
import { podUnavailable } from "./unavailable";

type End = "answered" | "unreached" | "key" | "broken" | "busy" | "left" | "revoked";

const call = {
  model: "llama",
  needs: [],
  promptEstimate: 1,
  outputEstimate: 1,
  body: Buffer.alloc(0),
} as unknown as Call;

const ENDS: Record<End, Partial<Relayed>> = {
  answered: { status: 200, podStatus: 200 },
  unreached: { isUntouched: true, refusal: new AppError("pod_unavailable", "The pod cannot be reached.") },
  key: { isUntouched: true, podStatus: 401, refusal: new AppError("pod_error", "It refuses the key.") },
  broken: { refusal: new AppError("pod_error", "It broke off.") },
  busy: { podStatus: 503, refusal: new AppError("pod_unavailable", "It is not ready.") },
  left: { clientLeft: true },
  revoked: { isUntouched: true, podStatus: 401, refusal: new AppError("key_revoked", "This key was revoked.") },
};

const relayedAs = (end: End): Relayed => ({
  status: null,
  tokens: NO_TOKENS,
  refusal: null,
  clientLeft: false,
  podStatus: null,
  isUntouched: false,
  ...ENDS[end],
});

/** A call with its place at the first of some pods, and what is asked of whom from then on. */
async function rig({ pods: count = 2, keys = 2, ends = [] as End[], held = 0, room = 10 } = {}) {
  const facts = { state: "serving", models: ["llama"], pausedAtMs: null, weight: 1, gaugesAtMs: null };
  const pods = Array.from({ length: count }, (_, index) => {
    const pod = newPod({ ...facts, id: `pod-${index}` } as unknown as PodFacts, {} as Connections, "");
    setKeys(pod, "present", keys > 1 ? "before" : null);
    return pod;
  });
  const queues = new Map(pods.map((pod) => [pod, createFairQueue({ limit: () => room, now: () => 0 })]));
  const permits: string[] = [];
  const permit = { headers: {}, settle: () => permits.push("settled"), giveBack: () => permits.push("given back") };
  const attempt = { askedAt: 1, podId: null } as unknown as Attempt;
  const place = new Place(attempt, call, permit as never, null);
  const asked: { pod: LivePod; key: string | null; end: End }[] = [];
  const client = { isGone: false, onGone: null } as unknown as Client;

  async function enter(to: Place, pod: LivePod) {
    to.arrive(pod);
    to.begin(
      await (queues.get(pod) as NonNullable<ReturnType<typeof queues.get>>).enter(
        "m",
        { prompt: 1, output: 1 },
        client,
      ),
    );
  }
  const askAgain = createAskAgain({
    roster: {
      pick: (wanted, affinity, except) => choosePod(pods, wanted, { now: 0, wallMs: 0, affinity, except }),
      refresh: async () => undefined,
      look: async () => undefined,
    },
    hold: async () => {
      held -= 1;
      const [first] = pods;
      if (held < 0 || first === undefined) throw podUnavailable("unreachable");
      return first;
    },
    enter,
  });
  const [first] = pods;
  if (first) await enter(place, first);
  const ask = async () => {
    const end = ends[asked.length] ?? "answered";
    attempt.askedAt = 1;
    place.authorization = place.pod.authorization;
    asked.push({ pod: place.pod, key: place.authorization, end });
    return relayedAs(end);
  };
  const relayed = await askAgain({ attempt, call, place, client, ask }, await ask());
  const left = () => pods.map((pod) => [pod.inFlight, queues.get(pod)?.size().running]);
  return { pods, asked, relayed, place, permits, attempt, left };
}

test("a pod that refuses the key is asked with the other one, and remembers which works", async () => {
  const { asked, relayed, pods } = await rig({ ends: ["key", "answered"] });
  expect(asked.map(({ pod, key }) => [pod.facts.id, key])).toEqual([
    ["pod-0", "present"],
    ["pod-0", "before"],
  ]);
  expect([relayed.status, pods[0]?.authorization]).toEqual([200, "before"]);
});

test("a pod that takes neither key is left for another", async () => {
  const { asked, relayed, attempt } = await rig({ keys: 1, ends: ["key", "answered"] });
  expect(asked.map(({ pod }) => pod.facts.id)).toEqual(["pod-0", "pod-1"]);
  expect([relayed.status, attempt.podId]).toEqual([200, "pod-1"]);
});

test("with no other pod the refusal is ours, with the state, and costs the caller nothing", async () => {
  const { relayed, place, permits } = await rig({ pods: 1, keys: 1, ends: ["key"] });
  place.release(NO_TOKENS);
  expect(relayed.refusal).toMatchObject({ code: "pod_unavailable", state: "refusing_key" });
  expect(permits).toEqual(["given back"]);
});

test("a pod that comes back is asked once more where calls may wait for it", async () => {
  const { asked, relayed } = await rig({ pods: 1, ends: ["unreached", "unreached", "answered"], held: 5 });
  expect([asked.length, relayed.status]).toEqual([3, 200]);
});

test.each<End>(["broken", "busy", "left", "revoked"])("a call that %s is asked of nobody else", async (end) => {
  const { asked, relayed } = await rig({ ends: [end] });
  expect([asked.length, relayed]).toEqual([1, relayedAs(end)]);
});

test("whatever happens on the way, nothing goes out after work may have begun, and every place is given back once", async () => {
  const end = fc.constantFrom<End>("answered", "unreached", "key", "broken", "busy", "left", "revoked");
  const journey = fc.record({
    pods: fc.integer({ min: 1, max: 4 }),
    keys: fc.integer({ min: 1, max: 2 }),
    ends: fc.array(end, { maxLength: 30 }),
    held: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(journey, async (given) => {
      const { asked, place, permits, left, relayed } = await rig(given);
      const free: End[] = ["unreached", "key"];
      expect(asked.slice(0, -1).every(({ end: met }) => free.includes(met))).toBe(true);
      place.release(relayed.tokens);
      expect(left()).toEqual(Array(given.pods).fill([0, 0]));
      expect(permits).toHaveLength(1);
      expect(relayed.refusal?.code === "pod_error" && relayed.podStatus === 401).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("keys that go round while calls are refused are never lost", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("present", "before")), (refused) => {
      const pod = newPod({ id: "pod" } as PodFacts, {} as Connections, "");
      setKeys(pod, "present", "before");
      for (const key of refused) expect(tryOtherKey(pod, key)).toBe(true);
      expect(new Set([pod.authorization, pod.otherAuthorization])).toEqual(new Set(["present", "before"]));
    }),
  );
});
