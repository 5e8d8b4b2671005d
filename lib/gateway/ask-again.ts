import type { AppError } from "@/lib/errors";
import type { Attempt } from "./attempt";
import type { Call } from "./check";
import type { Client } from "./client";
import type { FindPod } from "./find-pod";
import type { Relayed } from "./forward";
import { type LivePod, tryOtherKey } from "./live-pod";
import type { Place } from "./place";
import type { Roster } from "./roster";
import { podUnavailable } from "./unavailable";

/** A pod whose keys are changed while a call is on its way refuses it more than once; one that goes on is not changing them. */
const MOST_KEYS_TRIED = 8;

type Options = {
  roster: Pick<Roster, "pick" | "refresh" | "look">;
  hold: FindPod["hold"];
  /** Gives a call its place at a pod, in the order of its queue. */
  enter(place: Place, pod: LivePod, attempt: Attempt, call: Call, client: Client): void | Promise<void>;
};

type Again = {
  attempt: Attempt;
  call: Call;
  place: Place;
  client: Client;
  /** Asks the pod where the call has its place. */
  ask(): Promise<Relayed>;
};

/**
 * Makes the step for a call whose pod cannot have begun to work on it: never reached, or refused for the key. It is sent once more with the
 * pod's other key, then to another pod, then to whichever serves next where calls may wait. Any other end stands: no request goes out a
 * second time once work on it may have started.
 */
export function createAskAgain({ roster, hold, enter }: Options) {
  return async function askAgain(again: Again, first: Relayed): Promise<Relayed> {
    const { attempt, call, place, client, ask } = again;
    const tried = new Set<LivePod>();
    let keysTried = 1;
    let relayed = first;
    while (isFree(relayed) && !client.isGone) {
      if (relayed.podStatus === 401 && keysTried < MOST_KEYS_TRIED && (await hasOtherKey(place))) {
        keysTried += 1;
        relayed = await ask();
        continue;
      }
      if (relayed.podStatus === 401) {
        void roster.look();
        relayed = { ...relayed, refusal: podUnavailable("refusing_key") };
      }
      tried.add(place.pod);
      const next = roster.pick(call, place.affinity, tried) ?? (await heldFor(again, relayed));
      if (next === null) break;
      place.leave();
      // Nothing has been asked of anybody yet: a call that ends here costs its caller nothing.
      attempt.askedAt = null;
      await enter(place, next, attempt, call, client);
      attempt.podId = next.facts.id;
      keysTried = 1;
      relayed = await ask();
    }
    return relayed;
  };

  async function hasOtherKey({ pod, authorization }: Place) {
    if (tryOtherKey(pod, authorization)) return true;
    // A key that was stored a moment ago is not known here yet.
    await roster.refresh().catch(() => undefined);
    return tryOtherKey(pod, authorization);
  }

  /** Another pod once one serves, where calls may wait for that; null where they may not, and the first refusal stands. */
  async function heldFor({ attempt, call, place, client }: Again, { refusal }: Relayed) {
    // Its place is for calls that run: whoever waits for a pod holds none.
    place.leave();
    attempt.askedAt = null;
    try {
      return await hold({ attempt, call, client, affinity: place.affinity });
    } catch (error) {
      if (isAboutPods(error) && refusal !== null) return null;
      throw error;
    }
  }
}

/** Nothing was begun, and nobody ended it: it may be asked again. */
function isFree({ isUntouched, refusal }: Relayed) {
  return isUntouched && refusal?.code.startsWith("pod_") === true;
}

function isAboutPods(error: unknown) {
  return error instanceof Error && "code" in error && (error as AppError).code === "pod_unavailable";
}
