import { setTimeout as sleep } from "node:timers/promises";
import { mayServeSoon } from "@/lib/pods/health";
import type { Attempt } from "./attempt";
import type { Call } from "./check";
import type { Client } from "./client";
import type { LivePod } from "./live-pod";
import type { Roster } from "./roster";
import { candidatesFor, PodUnavailable, whyNone } from "./unavailable";
import type { WaitingRoom } from "./waiting-room";

/** A caller is told that a pod is away within this, although a look at a pod that hangs takes longer. */
const LOOK_MS = 1_000;

type Options = {
  roster: Pick<Roster, "pick" | "look" | "active">;
  room: Pick<WaitingRoom, "wait">;
  /** A call that may run wants a pod that is asleep and is woken by calls. */
  onNeeded: (podId: string) => void;
  now: () => number;
};

type Wanted = { attempt: Attempt; call: Call; client: Client; affinity: string | null };

/** What is done for a call that no pod takes at once. */
export function createFindPod({ roster, room, onNeeded, now }: Options) {
  /**
   * Has the pods looked at and finds the one that takes the call now; null if it may wait for one. Throws why there is none.
   */
  async function find({ attempt, call, affinity }: Wanted): Promise<LivePod | null> {
    await Promise.race([roster.look(), sleep(LOOK_MS, undefined, { ref: false })]);
    const pod = roster.pick(call, affinity);
    if (pod !== null) return pod;
    const refusal = whyNone(roster.active(), call, now());
    if (refusal instanceof PodUnavailable && mayWait(attempt, call)) return null;
    throw refusal;
  }

  /** Waits for a pod that takes the call. Throws why there is none when the time is over. */
  async function hold({ attempt, call, client, affinity }: Wanted): Promise<LivePod> {
    // Only here: whoever is beyond a limit starts no machine.
    wake(call);
    const forMs = holdMs(attempt, call);
    const refusal = () => whyNone(roster.active(), call, now());
    if (forMs <= 0) throw refusal();
    const since = now();
    try {
      return await room.wait({
        memberId: attempt.caller.memberId,
        bytes: call.body.length,
        waiter: client,
        forMs,
        pick: () => roster.pick(call, affinity) ?? wake(call),
        refusal,
      });
    } finally {
      attempt.waitedMs += now() - since;
      attempt.queueMs = Math.round(attempt.waitedMs);
    }
  }

  /** True as well for a call that waits for nothing, but wakes a pod for those that come after it. */
  function mayWait(attempt: Attempt, call: Call) {
    return holdMs(attempt, call) > 0 || sleepers(call).length > 0;
  }

  function wake(call: Call) {
    for (const { facts } of sleepers(call)) onNeeded(facts.id);
    return null;
  }

  /** The pods that this call would wake. */
  function sleepers({ model }: Call) {
    return candidatesFor(roster.active(), model).filter((pod) => pod.facts.state === "asleep" && isWakeable(pod));
  }

  /** For how much longer a call may wait: as long as the most patient pod that might serve it soon allows. */
  function holdMs({ waitedMs }: Attempt, { model }: Call): number {
    const seconds = candidatesFor(roster.active(), model).map((pod) =>
      pod.facts.holdSeconds !== null && mayComeSoon(pod) ? pod.facts.holdSeconds : 0,
    );
    return Math.max(0, ...seconds) * 1_000 - waitedMs;
  }

  return { find, hold };
}

/** Whether calls for a pod that does not serve reach it all the same, because they wait for it or wake it. */
export function isWorthAsking(pod: LivePod): boolean {
  const { state, holdSeconds } = pod.facts;
  return (state === "asleep" && isWakeable(pod)) || (holdSeconds !== null && mayComeSoon(pod));
}

function mayComeSoon(pod: LivePod) {
  const { state, stateReason, stateSinceMs } = pod.facts;
  if (state === "asleep") return isWakeable(pod);
  // It serves as far as anybody has looked: a call that met nobody there waits for the next look.
  return state === "serving" || mayServeSoon(state, stateReason, stateSinceMs, Date.now());
}

function isWakeable({ facts }: LivePod) {
  return facts.wakesWhenCalled && !facts.wakeFailed;
}

export type FindPod = ReturnType<typeof createFindPod>;
