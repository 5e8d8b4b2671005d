import { AppError } from "@/lib/errors";
import type { LivePod } from "./live-pod";

/** Calls that may wait: all together, and of one member. */
const MOST_WAITING = 1_024;
const MOST_WAITING_OF_ONE = 128;
/** Their bodies are held as well. */
const MOST_BYTES = 256 * 1024 * 1024;
const LOOK_MS = 1_000;

/** Someone who may stop waiting. The room sets `onGone` while it waits, and clears it. */
type Waiter = { readonly isGone: boolean; onGone: (() => void) | null };

type Guest = {
  memberId: string;
  bytes: number;
  waiter: Waiter;
  forMs: number;
  /** The pod that can take the call now, if there is one. */
  pick(): LivePod | null;
  /** What to say when the time is over. */
  refusal(): AppError;
};

type Entry = { guest: Guest; settle(pod: LivePod): void; leave(reason: AppError): void };

export type WaitingRoom = ReturnType<typeof createWaitingRoom>;

/**
 * Where calls wait for a pod that is loading. Whoever came first goes first; a client that leaves frees its place at once. While
 * anybody waits, the pods are looked at every second.
 */
export function createWaitingRoom({ look }: { look: () => Promise<void> }) {
  const entries = new Set<Entry>();
  const ofMember = new Map<string, number>();
  let bytes = 0;
  let isLooking = false;

  /** A pod that takes the call. Throws the guest's refusal when its time is over, `queue_full`, and `client_closed`. */
  function wait(guest: Guest): Promise<LivePod> {
    if (guest.waiter.isGone) return Promise.reject(new AppError("client_closed", "The client left."));
    const own = ofMember.get(guest.memberId) ?? 0;
    if (entries.size >= MOST_WAITING || own >= MOST_WAITING_OF_ONE || bytes + guest.bytes > MOST_BYTES) {
      return Promise.reject(full());
    }
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(deadline);
        guest.waiter.onGone = null;
        entries.delete(entry);
        bytes -= guest.bytes;
        const left = (ofMember.get(guest.memberId) ?? 1) - 1;
        if (left === 0) ofMember.delete(guest.memberId);
        else ofMember.set(guest.memberId, left);
      };
      const entry: Entry = {
        guest,
        settle: (pod) => {
          stop();
          resolve(pod);
        },
        leave: (reason) => {
          stop();
          reject(reason);
        },
      };
      const deadline = setTimeout(() => entry.leave(guest.refusal()), guest.forMs).unref();
      guest.waiter.onGone = () => entry.leave(new AppError("client_closed", "The client left."));
      entries.add(entry);
      bytes += guest.bytes;
      ofMember.set(guest.memberId, own + 1);
      goOn();
    });
  }

  /** Looks once a second for as long as anybody waits. */
  function goOn() {
    if (isLooking || entries.size === 0) return;
    isLooking = true;
    setTimeout(async () => {
      await look();
      isLooking = false;
      serve();
      goOn();
    }, LOOK_MS).unref();
  }

  /** Lets those in for whom there is a pod now. */
  function serve() {
    for (const entry of entries) {
      const pod = entry.guest.pick();
      if (pod !== null) entry.settle(pod);
    }
  }

  return {
    wait,
    serve,
    size: () => entries.size,
    /** Sends everybody away. */
    sendAway(refusal: AppError) {
      for (const entry of entries) entry.leave(refusal);
    },
  };
}

function full() {
  return new AppError("queue_full", "Too many requests wait for this pod. Try again shortly.", {
    retryAfterSeconds: 5,
  });
}
