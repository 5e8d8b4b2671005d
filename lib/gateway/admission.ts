import type { CallerFacts } from "@/lib/keys/caller-facts";
import { LimitReached, type Permit } from "@/lib/limits/admit";
import { reservationOf } from "@/lib/limits/reservation";
import { createFairQueue, type FairQueue, type Turn } from "@/lib/pods/queue";
import { affinityOf } from "./affinity";
import type { Attempt } from "./attempt";
import type { Call } from "./check";
import type { Client, GatewayRequest } from "./client";
import type { FindPod } from "./find-pod";
import type { LivePod } from "./live-pod";
import { Place } from "./place";
import type { Roster } from "./roster";
import { NO_TOKENS } from "./tokens";

type Options = {
  roster: Pick<Roster, "pick">;
  finding: FindPod;
  /** Asks the caller's limits for room. Throws `LimitReached`. */
  admit: (id: string, caller: CallerFacts, tokens: number) => Permit | Promise<Permit>;
  /** Whether it is known which limits hold by default, and what finds out; rejects where nobody can say. */
  areLimitsKnown: () => boolean;
  learnLimits: () => Promise<void>;
  /** Gateway processes, on whichever machine, that share the pods. */
  replicas: () => number;
  /** Monotonic ms. */
  now: () => number;
};

/**
 * How a call comes to run: a pod that takes it, room within its caller's limits, and its turn in the pod's queue. Nearly
 * always there is all of it, and nothing waits for anything.
 */
export function createAdmission(options: Options) {
  const { roster, finding, admit, areLimitsKnown, learnLimits, replicas, now } = options;
  const queues = new WeakMap<LivePod, FairQueue>();
  /** Calls that wait for a pod or for their turn at one. */
  let waiting = 0;

  function admitCall(attempt: Attempt, call: Call, client: Client, request: GatewayRequest): Place | Promise<Place> {
    const affinity = affinityOf(request.headers, call);
    const pod = roster.pick(call, affinity);
    if (pod === null || !areLimitsKnown()) return admitLater(pod, affinity, attempt, call, client);
    const permit = limit(attempt, call);
    if (permit instanceof Promise) return permit.then((given) => place(given, pod, affinity, attempt, call, client));
    return place(permit, pod, affinity, attempt, call, client);
  }

  async function admitLater(
    picked: LivePod | null,
    affinity: string | null,
    attempt: Attempt,
    call: Call,
    client: Client,
  ): Promise<Place> {
    const wanted = { attempt, call, client, affinity };
    const pod = picked ?? (await counted(finding.find(wanted)));
    if (!areLimitsKnown()) await learnLimits();
    const permit = await limit(attempt, call);
    if (pod !== null) return place(permit, pod, affinity, attempt, call, client);
    const held = new Place(attempt, call, permit, affinity);
    return orBack(
      held,
      hold(wanted).then((found) => enter(held, found, attempt, call, client)),
    );
  }

  /** A place at this pod, once its queue lets the call in. */
  function place(
    permit: Permit,
    pod: LivePod,
    affinity: string | null,
    attempt: Attempt,
    call: Call,
    client: Client,
  ): Place | Promise<Place> {
    const place = new Place(attempt, call, permit, affinity);
    try {
      const entering = enter(place, pod, attempt, call, client);
      return entering instanceof Promise ? orBack(place, entering) : place;
    } catch (error) {
      place.release(NO_TOKENS);
      throw error;
    }
  }

  async function orBack(place: Place, entering: Promise<void> | void): Promise<Place> {
    try {
      await entering;
      return place;
    } catch (error) {
      place.release(NO_TOKENS);
      throw error;
    }
  }

  function limit(attempt: Attempt, call: Call): Permit | Promise<Permit> {
    try {
      const permit = admit(attempt.id, attempt.caller, reservationOf(call));
      if (permit instanceof Promise)
        return permit.then(
          (given) => granted(attempt, given),
          (error) => denied(attempt, error),
        );
      return granted(attempt, permit);
    } catch (error) {
      return denied(attempt, error);
    }
  }

  /** Waits in the pod's queue, if there is one; how long is told in the answer. */
  function enter(place: Place, pod: LivePod, attempt: Attempt, call: Call, client: Client): void | Promise<void> {
    place.arrive(pod);
    const expected = { prompt: call.promptEstimate, output: call.outputEstimate };
    const found = queueOf(pod).enter(attempt.caller.memberId, expected, client);
    if (found instanceof Promise) return counted(found).then((turn) => begin(place, pod, attempt, turn));
    begin(place, pod, attempt, found);
  }

  /** Waits for a pod that takes the call. Throws why there is none when the time is over. */
  function hold(wanted: Parameters<FindPod["hold"]>[0]): Promise<LivePod> {
    return counted(finding.hold(wanted));
  }

  function counted<T>(pending: Promise<T>): Promise<T> {
    waiting += 1;
    return pending.finally(() => {
      waiting -= 1;
    });
  }

  function queueOf(pod: LivePod): FairQueue {
    let queue = queues.get(pod);
    if (queue === undefined) {
      queue = createFairQueue({ limit: () => shareOf(pod.facts.maxInFlight), now });
      queues.set(pod, queue);
    }
    return queue;
  }

  /** Each gateway process has its part of what a pod may run at once. */
  function shareOf(most: number | null) {
    return most === null ? null : Math.max(1, Math.floor(most / replicas()));
  }

  return { admit: admitCall, enter, hold, waiting: () => waiting };
}

function granted(attempt: Attempt, permit: Permit) {
  attempt.limitHeaders = permit.headers;
  return permit;
}

function denied(attempt: Attempt, error: unknown): never {
  if (error instanceof LimitReached) attempt.limitHeaders = error.headers;
  throw error;
}

function begin(place: Place, pod: LivePod, attempt: Attempt, turn: Turn) {
  place.begin(turn);
  attempt.waitedMs += turn.waitedMs;
  if (pod.facts.maxInFlight !== null || attempt.waitedMs > 0) {
    attempt.queueMs = Math.round(attempt.waitedMs);
    attempt.limitHeaders = { ...attempt.limitHeaders, "x-podpass-queue-ms": String(attempt.queueMs) };
  }
}
