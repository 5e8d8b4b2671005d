import { type Actor, isAdmin } from "../auth/member";
import { type Db, db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import type { Prisma } from "../generated/prisma/client";
import { isUuid } from "../keys/list-cursor";
import { deriveKey } from "../secrets";
import { isPodProblem, type PodProblem } from "./connection";
import { mayServeSoon, type PodState } from "./health";
import { openPodKey } from "./seal";

const STATES: readonly string[] = [
  "serving",
  "loading",
  "asleep",
  "unreachable",
  "refusing_key",
  "failing",
] satisfies PodState[];

const SIGHT = {
  id: true,
  name: true,
  state: true,
  stateSince: true,
  stateReason: true,
  models: true,
  lastSeenAt: true,
  pausedAt: true,
  simulatedAt: true,
} as const satisfies Prisma.PodSelect;

const ROW = {
  ...SIGHT,
  baseUrl: true,
  hourlyMicroUsd: true,
  weight: true,
  maxInFlight: true,
  behindProxyAt: true,
  holdSeconds: true,
  requestsRunning: true,
  requestsWaiting: true,
  kvCacheUsage: true,
  gaugesAt: true,
  tokensSeenAt: true,
  keyChangedAt: true,
  createdAt: true,
  patternsAllowedAt: true,
  remoteMediaForbiddenAt: true,
  // Only whether there is one goes any further.
  sealedKey: true,
  previousSealedKey: true,
} as const satisfies Prisma.PodSelect;

/** Throws `forbidden` for everybody but admins: addresses are where the team's money can be spent without a key. */
export function requirePodAdmin(actor: Actor) {
  if (!isAdmin(actor)) throw new AppError("forbidden", "Only an admin can see and change the pods' settings.");
}

export type PodRow = Awaited<ReturnType<typeof listPods>>[number];

/** Every pod that was not removed, oldest first, with its settings; for admins. */
export async function listPods(actor: Actor) {
  requirePodAdmin(actor);
  const pods = await db.pod.findMany({
    where: { removedAt: null },
    select: ROW,
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return pods.map(shown);
}

/** One pod with its settings; for admins. Throws `not_found`. */
export async function getPod(actor: Actor, podId: string) {
  requirePodAdmin(actor);
  return shown(await livePod(db, podId));
}

/** What every member may know of the pods: their state and models, how long calls wait for them now, whether these wake them; not where they are. */
export async function podStates(now: Date) {
  const pods = await db.pod.findMany({
    where: { removedAt: null },
    select: { ...SIGHT, holdSeconds: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  const sleepers = pods.filter(({ state }) => state === "asleep").map(({ id }) => id);
  const waking = sleepers.length === 0 ? [] : await wokenByCalls(sleepers);
  return pods.map(({ holdSeconds, ...pod }) => {
    const isWokenByCalls = waking.includes(pod.id);
    const since = pod.stateSince?.getTime() ?? null;
    const isWaitedFor = isWokenByCalls || mayServeSoon(pod.state, pod.stateReason, since, now.getTime());
    return { ...sighted(pod), isWokenByCalls, waitSeconds: isWaitedFor ? (holdSeconds ?? 0) : 0 };
  });
}

async function wokenByCalls(podIds: string[]) {
  const where = { podId: { in: podIds }, wakeWhenCalledAt: { not: null } };
  return (await db.podPower.findMany({ where, select: { podId: true } })).map(({ podId }) => podId);
}

/** The models that pods serve now, each once, in the order of their names. */
export async function servedModels(): Promise<string[]> {
  const pods = await db.pod.findMany({
    where: { removedAt: null, pausedAt: null, state: "serving" },
    select: { models: true },
  });
  return [...new Set(pods.flatMap(({ models }) => models))].sort();
}

/** True while no pod of the team's own exists: then the simulated one is started. */
export async function needsSimulatedPod(): Promise<boolean> {
  return (await db.pod.count({ where: { removedAt: null, simulatedAt: null } })) === 0;
}

/** All pods as a probe needs them, paused ones included. A key that this PODPASS_SECRET does not open counts as none. */
export async function podsToProbe() {
  const pods = await db.pod.findMany({ where: { removedAt: null }, select: ROW });
  return pods.map(({ sealedKey, previousSealedKey, ...pod }) => ({
    ...sighted(pod),
    ...openedKey({ id: pod.id, sealedKey }),
    previousKey: openedKey({ id: pod.id, sealedKey: previousSealedKey }).apiKey,
  }));
}

type StoredKey = { baseUrl: string; apiKey: string | null; previousKey: string | null };

/** The stored keys of a pod, for requests to that pod only; null where there is none. Throws `not_found`. */
export async function storedPodKey(podId: string): Promise<StoredKey> {
  const pod = await livePod(db, podId);
  const previous = openedKey({ id: pod.id, sealedKey: pod.previousSealedKey });
  return { baseUrl: pod.baseUrl, apiKey: openedKey(pod).apiKey, previousKey: previous.apiKey };
}

/** A pod that was not removed. Throws `not_found`. */
export async function livePod(tx: Db, podId: string) {
  const pod = isUuid(podId) ? await tx.pod.findFirst({ where: { id: podId, removedAt: null }, select: ROW }) : null;
  if (!pod) throw new AppError("not_found", "There is no such pod.");
  return pod;
}

/** The key that pods' keys are sealed with. */
export function sealingKey() {
  return deriveKey(env.PODPASS_SECRET, "podKey");
}

type OpenedKey = { apiKey: string | null; isKeyUnreadable: boolean };

/** A pod's key in the clear, for requests to that pod only; one that this PODPASS_SECRET does not open counts as none. */
export function openedKey({ id, sealedKey }: { id: string; sealedKey: Uint8Array | null }): OpenedKey {
  if (sealedKey === null) return { apiKey: null, isKeyUnreadable: false };
  try {
    return { apiKey: openPodKey(id, sealedKey, sealingKey()), isKeyUnreadable: false };
  } catch (error) {
    if (error instanceof AppError) return { apiKey: null, isKeyUnreadable: true };
    throw error;
  }
}

type Sight = { state: string; stateReason: string | null };

/** The columns are text: a word this version does not know is `unknown`. */
function sighted<Pod extends Sight>({ state, stateReason, ...pod }: Pod) {
  return { ...pod, state: stateNamed(state), stateReason: isPodProblem(stateReason) ? stateReason : null } satisfies {
    state: PodState;
    stateReason: PodProblem | null;
  };
}

function stateNamed(text: string): PodState {
  return STATES.includes(text) ? (text as PodState) : "unknown";
}

function shown({ sealedKey, previousSealedKey, hourlyMicroUsd, ...pod }: Prisma.PodGetPayload<{ select: typeof ROW }>) {
  return {
    ...sighted(pod),
    hourlyMicroUsd: hourlyMicroUsd === null ? null : Number(hourlyMicroUsd),
    hasKey: sealedKey !== null,
    /** The key was changed lately: until it is settled which one the pod takes, both are tried. */
    triesBothKeys: previousSealedKey !== null,
  };
}
