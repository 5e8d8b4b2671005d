import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { systemActor } from "../../auth/system-actor";
import { idlePlan, lastUse } from "./idle-plan";
import { endWarning, notePodUse, noteWanted, warnOfStop } from "./mutations";
import { lastCallAt, podsToWatch } from "./queries";
import { stopIdle, wakeForCall } from "./switch";

const EVERY_MS = 10_000;
/** What the metrics said longer ago says nothing of now. */
const FRESH_GAUGES_MS = 20_000;
/** A pod that a call wants is asked for so often at most, by one process. */
const WANTED_EVERY_MS = 1_000;
const CLOSE_MS = 1_000;

type Options = {
  log: Pick<Logger, "warn" | "info">;
  /** A pod's state has changed by what was done here. */
  onSwitched: () => void;
  everyMs?: number;
  settleMs?: number;
};

/**
 * Wakes pods that calls want, and stops those that nobody has used for as long as their admins said. Every gateway process has one;
 * the database lets one of them act.
 */
export function openPowerKeeper({ log, onSwitched, everyMs = EVERY_MS, settleMs }: Options) {
  const askedAt = new Map<string, number>();
  const waking = new Map<string, NodeJS.Timeout>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isFailing = false;

  async function turn() {
    try {
      for (const pod of await podsToWatch()) await watch(pod);
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error }, "idle pods cannot be looked after; they stay awake");
      isFailing = true;
    }
    if (!isClosed) timer = setTimeout(begin, everyMs).unref();
  }

  async function watch({ power, ...pod }: Awaited<ReturnType<typeof podsToWatch>>[number]) {
    const now = new Date();
    const usedAt = latest(lastUse(power.usedAt, power.checkedAt, now), await lastCallAt(pod.id), ownWorkAt(pod, now));
    await notePodUse(pod.id, usedAt, now);
    const hasFailed = power.called === "stop" && power.result !== null && power.result !== "done";
    const plan = idlePlan({ ...pod, ...power, usedAt, stopFailedAt: hasFailed ? power.calledAt : null }, now);
    if (plan === null) return;
    if (!plan.isWarned) return power.warnedAt === null ? undefined : endWarning(pod.id);
    await warnOfStop(systemActor(null), pod.id, plan.stopsAt, now);
    if (!plan.isDue || isClosed) return;
    if (await stopIdle(pod.id, power.stopAfterMinutes ?? 0, now, { settleMs })) {
      log.info({ podId: pod.id }, "an idle pod was stopped");
      onSwitched();
    }
  }

  /** A call wants a pod that is asleep. Wakes it soon, once for all calls that come until then; never throws. */
  function wanted(podId: string) {
    if (isClosed || waking.has(podId)) return;
    const waitMs = (askedAt.get(podId) ?? Number.NEGATIVE_INFINITY) + WANTED_EVERY_MS - performance.now();
    const run = () => {
      waking.delete(podId);
      if (isClosed) return;
      askedAt.set(podId, performance.now());
      wake(podId).catch((err: unknown) => log.warn({ err, podId }, "a pod could not be woken"));
    };
    if (waitMs <= 0) return run();
    waking.set(podId, setTimeout(run, waitMs).unref());
  }

  async function wake(podId: string) {
    const now = new Date();
    await noteWanted(podId, now);
    const ended = await wakeForCall(podId, now);
    if (ended === null) return;
    // The reason is one of a closed list: nothing of the hook is in it.
    if (ended.result !== "done") log.warn({ podId, reason: ended.result, status: ended.status }, "a pod's hook failed");
    onSwitched();
  }

  let running = Promise.resolve();
  function begin() {
    running = turn();
  }
  begin();

  return {
    wanted,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      for (const due of waking.values()) clearTimeout(due);
      await Promise.race([running, sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

/** Its own metrics count calls as well that went around Podpass. */
function ownWorkAt(
  pod: { requestsRunning: number | null; requestsWaiting: number | null; gaugesAt: Date | null },
  now: Date,
) {
  const isFresh = pod.gaugesAt !== null && now.getTime() - pod.gaugesAt.getTime() < FRESH_GAUGES_MS;
  return isFresh && (pod.requestsRunning ?? 0) + (pod.requestsWaiting ?? 0) > 0 ? now : null;
}

function latest(...times: (Date | null)[]): Date | null {
  const known = times.filter((time) => time !== null).map((time) => time.getTime());
  return known.length === 0 ? null : new Date(Math.max(...known));
}
