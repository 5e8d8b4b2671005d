import { recordAudit } from "../../audit/record";
import type { Actor } from "../../auth/member";
import { type Db, db } from "../../db";
import { AppError } from "../../errors";
import type { Prisma } from "../../generated/prisma/client";
import { stopping, UNSEEN, waking } from "../health";
import { livePod, requirePodAdmin } from "../queries";
import type { HookResult, PodHook } from "./hook";
import { type HookName, openedHook, sealedHook } from "./queries";
import type { EditPower } from "./schema";

const HOUR_MS = 3_600_000;
/** Of a hook that has no result after this nobody waits any longer; one that failed is not tried again sooner for a call. */
const CLAIM_MS = 30_000;

type Data = Omit<Prisma.PodPowerUncheckedCreateInput, "podId">;

/** Stores hooks and rules; what is not given stays. Audited without anything of the hooks but their hosts. */
export async function editPower(actor: Actor, input: EditPower, now: Date): Promise<void> {
  requirePodAdmin(actor);
  const { podId, start, stop, wakeWhenCalled, stopAfterMinutes } = input;
  await db.$transaction(async (tx) => {
    await livePod(tx, podId);
    await lockPower(tx, podId);
    const before = await tx.podPower.findUniqueOrThrow({ where: { podId } });
    const hosts = { startHost: hostAfter(start, before.startHost), stopHost: hostAfter(stop, before.stopHost) };
    const isWaking = wakeWhenCalled ?? before.wakeWhenCalledAt !== null;
    const minutes = stopAfterMinutes === undefined ? before.stopAfterMinutes : stopAfterMinutes;
    requireHook(isWaking && wakeWhenCalled === true, hosts.startHost, "wakeWhenCalled", "start", "start");
    requireHook(minutes !== null && stopAfterMinutes != null, hosts.stopHost, "stopAfterMinutes", "stop", "stop");
    const data: Data = {
      ...hosts,
      ...(start !== undefined && { sealedStart: start && sealedHook(podId, "start", start) }),
      ...(stop !== undefined && { sealedStop: stop && sealedHook(podId, "stop", stop) }),
      wakeWhenCalledAt: isWaking && hosts.startHost !== null ? (before.wakeWhenCalledAt ?? now) : null,
      stopAfterMinutes: hosts.stopHost === null ? null : minutes,
      ...(minutes !== before.stopAfterMinutes && { stopAfterSince: now, warnedAt: null }),
      // What came of another hook says nothing of this one.
      ...((start !== undefined || stop !== undefined) && {
        called: null,
        calledAt: null,
        result: null,
        resultStatus: null,
      }),
    };
    const after = await tx.podPower.update({ where: { podId }, data });
    const facts = ({ startHost, stopHost, wakeWhenCalledAt, stopAfterMinutes: idle }: typeof after) => ({
      startHook: startHost,
      stopHook: stopHost,
      wakeWhenCalled: wakeWhenCalledAt !== null,
      stopAfterMinutes: idle,
    });
    await note(tx, actor, "pod.power", podId, now, { before: facts(before), after: facts(after) });
  });
}

/** Puts off the stop of an idle pod for an hour. */
export async function keepAwake(actor: Actor, podId: string, now: Date): Promise<void> {
  requirePodAdmin(actor);
  await db.$transaction(async (tx) => {
    await livePod(tx, podId);
    await lockPower(tx, podId);
    const awakeUntil = new Date(now.getTime() + HOUR_MS);
    await tx.podPower.update({ where: { podId }, data: { awakeUntil, warnedAt: null } });
    await note(tx, actor, "pod.keep_awake", podId, now, { after: { awakeUntil } });
  });
}

export type Claim = { hook: PodHook | null; calledAt: Date; stateBefore: string };

type Wanted = {
  name: HookName;
  /** Somebody pressed a button: they need not wait after a failure. */
  isPressed: boolean;
  now: Date;
};

/**
 * Takes it upon this process to call a pod's hook; null where another does, has just failed to, or there is no reason to. One wins,
 * on whichever replica. A pod to be stopped counts as asleep from here on, so that no gateway sends it a call.
 */
export async function claimHook(podId: string, { name, isPressed, now }: Wanted): Promise<Claim | null> {
  return db.$transaction(async (tx) => {
    const [pod] = await tx.$queryRaw<{ state: string; removed_at: Date | null }[]>`
      SELECT state, removed_at FROM pods WHERE id = ${podId}::uuid FOR UPDATE`;
    if (pod === undefined || pod.removed_at !== null) return null;
    const power = await tx.podPower.findUnique({ where: { podId } });
    const sealed = name === "start" ? power?.sealedStart : power?.sealedStop;
    if (power == null || sealed == null) return null;
    const isLate = power.calledAt === null || now.getTime() - power.calledAt.getTime() > CLAIM_MS;
    if (!isLate && power.result === null) return null;
    if (!isLate && !isPressed && power.called === name && power.result !== "done") return null;
    if (!isPressed && pod.state !== (name === "start" ? "asleep" : "serving")) return null;
    await tx.podPower.update({
      where: { podId },
      data: { called: name, calledAt: now, result: null, resultStatus: null },
    });
    if (name === "stop") await setState(tx, podId, stopping(now));
    return { hook: openedHook(podId, name, sealed), calledAt: now, stateBefore: pod.state };
  });
}

type Ended = HookResult & {
  podId: string;
  name: HookName;
  claim: Claim;
  actor: Actor;
  /** Why, for the audit. */
  facts: Record<string, unknown>;
  now: Date;
};

/** Writes down what came of a hook, and the state that follows from it. */
export async function endHook({ podId, name, claim, actor, facts, result, status, now }: Ended): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.podPower.updateMany({
      where: { podId, called: name, calledAt: claim.calledAt },
      data: { result, resultStatus: status, ...(result === "done" && { awakeUntil: null, warnedAt: null }) },
    });
    if (count === 0) return;
    const isDone = result === "done";
    if (isDone && name === "start") await setState(tx, podId, waking(now));
    if (!isDone && name === "stop") await setStateBefore(tx, podId, claim, now);
    const verb = name === "start" ? "wake" : "sleep";
    const after = isDone ? facts : { ...facts, result, ...(status !== null && { status }) };
    await note(tx, actor, isDone ? `pod.${verb}` : `pod.${verb}_failed`, podId, now, { after });
  });
}

/** A stop that is not to be after all, because somebody uses the pod: as if nothing had been. */
export async function takeBackStop(podId: string, claim: Claim, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.podPower.updateMany({
      where: { podId, called: "stop", calledAt: claim.calledAt },
      data: { called: null, calledAt: null, result: null, usedAt: now, warnedAt: null },
    });
    if (count > 0) await setStateBefore(tx, podId, claim, now);
  });
}

/** Notes when a pod was last at work, and that it was looked at. */
export async function notePodUse(podId: string, usedAt: Date | null, checkedAt: Date): Promise<void> {
  // A later sight of work, noted by somebody else meanwhile, stands.
  await db.$executeRaw`UPDATE pod_powers SET checked_at = ${checkedAt}::timestamptz,
    used_at = greatest(used_at, ${usedAt}::timestamptz) WHERE pod_id = ${podId}::uuid`;
}

/** A call wants a pod that is being stopped: whoever stops it sees that before it is too late. */
export async function noteWanted(podId: string, now: Date): Promise<void> {
  await db.podPower.updateMany({ where: { podId }, data: { usedAt: now } });
}

/** When a pod was last wanted or at work. */
export async function notedUse(podId: string): Promise<Date | null> {
  return (await db.podPower.findUnique({ where: { podId }, select: { usedAt: true } }))?.usedAt ?? null;
}

/** Tells once, in the activity, that an idle pod is about to be stopped. */
export async function warnOfStop(actor: Actor, podId: string, stopsAt: Date, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.podPower.updateMany({
      where: { podId, OR: [{ warnedAt: null }, { warnedAt: { lt: new Date(now.getTime() - HOUR_MS) } }] },
      data: { warnedAt: now },
    });
    if (count > 0) await note(tx, actor, "pod.sleep_soon", podId, now, { after: { stopsAt } });
  });
}

/** A use ends the warning: the next idle time has one of its own. */
export async function endWarning(podId: string): Promise<void> {
  await db.podPower.updateMany({ where: { podId, warnedAt: { not: null } }, data: { warnedAt: null } });
}

type Change = { before?: Record<string, unknown>; after?: Record<string, unknown> };

function note(tx: Db, actor: Actor, action: string, podId: string, at: Date, change: Change) {
  return recordAudit(tx, actor, { action, targetKind: "pod", targetId: podId, ...change, at });
}

async function lockPower(tx: Db, podId: string) {
  await tx.$executeRaw`INSERT INTO pod_powers (pod_id) VALUES (${podId}::uuid) ON CONFLICT DO NOTHING`;
  await tx.$executeRaw`SELECT FROM pod_powers WHERE pod_id = ${podId}::uuid FOR UPDATE`;
}

type State = { state: string; since: Date | null; reason: string | null };

async function setState(tx: Db, podId: string, { state, since, reason }: State) {
  await tx.pod.updateMany({
    where: { id: podId, removedAt: null },
    data: { state, stateSince: since, stateReason: reason },
  });
}

/** Only where it is still as the stop left it: what a look found meanwhile stands. */
async function setStateBefore(tx: Db, podId: string, { stateBefore, calledAt }: Claim, now: Date) {
  const state = stateBefore === "asleep" ? UNSEEN.state : stateBefore;
  await tx.pod.updateMany({
    where: { id: podId, removedAt: null, state: "asleep", stateSince: calledAt },
    data: { state, stateSince: now, stateReason: null },
  });
}

function hostAfter(hook: PodHook | null | undefined, before: string | null) {
  return hook === undefined ? before : hook === null ? null : new URL(hook.url).host;
}

function requireHook(isWanted: boolean, host: string | null, param: string, hook: string, verb: string) {
  if (!isWanted || host !== null) return;
  throw new AppError("invalid_request", `Enter the hook to ${verb} the pod first.`, { param, cause: hook });
}
