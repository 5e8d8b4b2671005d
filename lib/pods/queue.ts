import { AppError } from "../errors";

/** What a token counts towards its member's share: making one keeps a pod busy longer than reading one. */
const PROMPT_WEIGHT = 1;
const OUTPUT_WEIGHT = 2;
/** How fast the usual length of an answer follows what pods really send. */
const LEARNING = 0.1;
const USUAL_OUTPUT = 256;
/** Members whose counters say nothing any more are forgotten beyond this many. */
const MOST_MEMBERS = 1_024;

/** What a request is expected to take from its pod, in tokens. */
export type Expected = { prompt: number; output: number };

/** A turn at a pod. `done` ends it, told what it really took, and is called exactly once. */
export type Turn = { waitedMs: number; done(used: { prompt: number; completion: number }): void };

/** Someone who may stop waiting. The queue sets `onGone` while it waits, and clears it. */
export type Waiter = { readonly isGone: boolean; onGone: (() => void) | null };

type Options = {
  /** Requests that may run at once; null: any number, and nobody waits. */
  limit: () => number | null;
  /** Monotonic ms. */
  now: () => number;
  /** Requests that may wait: all together, and of one member. */
  mostWaiting?: number;
  mostWaitingOfOne?: number;
  longestWaitMs?: number;
};

type Member = { served: number; running: number; waiting: Waiting[] };

type Waiting = { member: Member; expected: Expected; since: number; start(turn: Turn): void };

export type FairQueue = ReturnType<typeof createFairQueue>;

/**
 * The queue before one pod. While there is room everybody passes at once. When there isn't, the member who was served least,
 * in weighted tokens, goes first; within a member, who came first. A member who was away starts where those are who are
 * being served now: neither behind them nor with credit for the time away. A request counts as what it usually takes when
 * its turn begins, and as what it took when it ends.
 */
export function createFairQueue({
  limit,
  now,
  mostWaiting = 2_048,
  mostWaitingOfOne = 256,
  longestWaitMs = 90_000,
}: Options) {
  const members = new Map<string, Member>();
  let running = 0;
  let waiting = 0;
  /** How much the member had been served whose turn began last: nobody who comes now starts below it. */
  let level = 0;
  let usualOutput = USUAL_OUTPUT;

  const hasRoom = () => running < (limit() ?? Infinity);

  /** A turn at the pod, as soon as it is this member's. Throws `queue_full`, and `client_closed` when nobody waits any more. */
  function enter(memberId: string, expected: Expected, waiter: Waiter): Turn | Promise<Turn> {
    const member = memberOf(memberId);
    if (hasRoom() && waiting === 0) return begin(member, expected, 0);
    if (waiter.isGone) throw left();
    if (waiting >= mostWaiting || member.waiting.length >= mostWaitingOfOne) throw full();
    return wait(member, expected, waiter);
  }

  function wait(member: Member, expected: Expected, waiter: Waiter): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        waiter.onGone = null;
      };
      const entry: Waiting = {
        member,
        expected,
        since: now(),
        start: (turn) => {
          stop();
          resolve(turn);
        },
      };
      const leave = (reason: AppError) => {
        stop();
        member.waiting.splice(member.waiting.indexOf(entry), 1);
        waiting -= 1;
        reject(reason);
      };
      const timer = setTimeout(() => leave(full()), longestWaitMs).unref();
      waiter.onGone = () => leave(left());
      member.waiting.push(entry);
      waiting += 1;
      serve();
    });
  }

  function serve() {
    while (waiting > 0 && hasRoom()) {
      const next = leastServed();
      if (next === null) return;
      waiting -= 1;
      next.start(begin(next.member, next.expected, now() - next.since));
    }
  }

  /** The first of the member who was served least; of equals, of the one who waits longest. */
  function leastServed(): Waiting | null {
    let best: Waiting | null = null;
    for (const { waiting: line } of members.values()) {
      const [first] = line;
      if (first === undefined) continue;
      const isBetter =
        best === null ||
        first.member.served < best.member.served ||
        (first.member.served === best.member.served && first.since < best.since);
      if (isBetter) best = first;
    }
    best?.member.waiting.shift();
    return best;
  }

  function begin(member: Member, { prompt, output }: Expected, waitedMs: number): Turn {
    const charged = weightOf(prompt, Math.min(output, usualOutput));
    level = Math.max(level, member.served);
    member.served += charged;
    member.running += 1;
    running += 1;
    return {
      waitedMs,
      done: (used) => {
        running -= 1;
        member.running -= 1;
        member.served += weightOf(used.prompt, used.completion) - charged;
        usualOutput += LEARNING * (used.completion - usualOutput);
        serve();
      },
    };
  }

  function memberOf(id: string): Member {
    let member = members.get(id);
    if (member === undefined) {
      if (members.size >= MOST_MEMBERS) forgetIdle();
      member = { served: level, running: 0, waiting: [] };
      members.set(id, member);
    }
    if (member.running === 0 && member.waiting.length === 0) member.served = Math.max(member.served, level);
    return member;
  }

  function forgetIdle() {
    for (const [id, { running: runs, waiting: line, served }] of members) {
      if (runs === 0 && line.length === 0 && served <= level) members.delete(id);
    }
  }

  return { enter, size: () => ({ running, waiting }) };
}

function weightOf(prompt: number, output: number) {
  return PROMPT_WEIGHT * prompt + OUTPUT_WEIGHT * output;
}

function full() {
  return new AppError("queue_full", "Too many requests wait for this pod. Try again shortly.", {
    retryAfterSeconds: 5,
  });
}

function left() {
  return new AppError("client_closed", "The client left.");
}
