import { setTimeout as sleep } from "node:timers/promises";
import type { Actor } from "../../auth/member";
import { systemActor } from "../../auth/system-actor";
import { AppError } from "../../errors";
import { getPod, requirePodAdmin } from "../queries";
import { callHook, type HookResult } from "./hook";
import { hookTrouble } from "./hook-words";
import { type Claim, claimHook, endHook, notedUse, takeBackStop } from "./mutations";
import { callsRunningOn, type HookName, lastCallAt } from "./queries";

/** Within this every gateway has read that a pod is to be stopped, and the rows of the calls it had are written. */
const SETTLE_MS = 3_000;

type Waits = { settleMs?: number; deadlineMs?: number };

/** An admin wakes a pod. Throws `conflict` with the reason where its hook does not work, or is just at work. */
export async function wakePod(actor: Actor, podId: string, now: Date, waits: Waits = {}): Promise<void> {
  requirePodAdmin(actor);
  const { name } = await getPod(actor, podId);
  const claim = await claimHook(podId, { name: "start", isPressed: true, now });
  if (claim === null) throw busy(name, "start");
  const ended = await callClaimed(claim, waits);
  await endHook({ podId, name: "start", claim, actor, facts: {}, ...ended, now: new Date() });
  if (ended.result !== "done") throw failed(name, "woken", ended);
}

/** An admin puts a pod to sleep, whatever runs on it. Throws `conflict` with the reason where its hook does not work. */
export async function sleepPod(actor: Actor, podId: string, now: Date, waits: Waits = {}): Promise<void> {
  requirePodAdmin(actor);
  const { name } = await getPod(actor, podId);
  const claim = await claimHook(podId, { name: "stop", isPressed: true, now });
  if (claim === null) throw busy(name, "stop");
  // From now on it gets no calls: those who come meet a pod that is asleep, not one that breaks off.
  await sleep(waits.settleMs ?? SETTLE_MS);
  const calls = await callsRunningOn(podId);
  const ended = await callClaimed(claim, waits);
  await endHook({ podId, name: "stop", claim, actor, facts: { calls }, ...ended, now: new Date() });
  if (ended.result !== "done") throw failed(name, "put to sleep", ended);
}

/** Wakes a pod because a call wants it, unless somebody does so already. Null: nothing was done. */
export async function wakeForCall(podId: string, now: Date, waits: Waits = {}): Promise<HookResult | null> {
  const claim = await claimHook(podId, { name: "start", isPressed: false, now });
  if (claim === null) return null;
  const ended = await callClaimed(claim, waits);
  const facts = { because: "called" };
  await endHook({ podId, name: "start", claim, actor: systemActor(null), facts, ...ended, now: new Date() });
  return ended;
}

/** Stops an idle pod, unless somebody else does or a call turns up before it is done. True where it was stopped. */
export async function stopIdle(podId: string, idleMinutes: number, now: Date, waits: Waits = {}): Promise<boolean> {
  const claim = await claimHook(podId, { name: "stop", isPressed: false, now });
  if (claim === null) return false;
  // Calls that were let in before every gateway knew have rows by then.
  await sleep(waits.settleMs ?? SETTLE_MS);
  if (await wasUsedSince(podId, now)) {
    await takeBackStop(podId, claim, new Date());
    return false;
  }
  const ended = await callClaimed(claim, waits);
  const facts = { because: "idle", idleMinutes };
  await endHook({ podId, name: "stop", claim, actor: systemActor(null), facts, ...ended, now: new Date() });
  return ended.result === "done";
}

/** By the rows of all replicas, and by those who met it while it was about to stop. */
async function wasUsedSince(podId: string, since: Date) {
  const [called, wanted] = [await lastCallAt(podId), await notedUse(podId)];
  return [called, wanted].some((at) => at !== null && at >= since);
}

function callClaimed({ hook }: Claim, { deadlineMs }: Waits): Promise<HookResult> {
  if (hook === null) return Promise.resolve({ result: "unreadable", status: null });
  return callHook(hook, deadlineMs);
}

function busy(name: string, hook: HookName) {
  const verb = hook === "start" ? "wake" : "stop";
  return new AppError("conflict", `${name} has no hook to ${verb} it, or one of its hooks is just being called.`);
}

function failed(name: string, what: string, { result, status }: HookResult) {
  return new AppError(
    "conflict",
    `${name} could not be ${what}: its hook failed, because ${hookTrouble(result, status)}.`,
  );
}
