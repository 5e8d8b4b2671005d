import { randomUUID } from "node:crypto";
import { type AuditFacts, recordAudit } from "../audit/record";
import type { Actor } from "../auth/member";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { Prisma } from "../generated/prisma/client";
import { isUuid } from "../keys/list-cursor";
import { namesForbiddenHost } from "./addresses";
import { podBaseUrl } from "./base-url";
import { type ConnectionResult, explain } from "./connection";
import type { Gauges } from "./gauges";
import { type PodHealth, UNSEEN } from "./health";
import { livePod, openedKey, requirePodAdmin, sealingKey, storedPodKey } from "./queries";
import { isRunpodProxy } from "./runpod";
import type { AddPod, EditPod, PodId, ReplacePodKey, TestPod } from "./schema";
import { sealPodKey } from "./seal";
import { testPodConnection } from "./test-connection";

/** Adds a pod, which takes the simulated one's place; the next probe finds out its state. Throws `conflict` if a pod has this name, `invalid_request` for a forbidden address. */
export async function addPod(actor: Actor, input: AddPod, now: Date): Promise<{ podId: string }> {
  requirePodAdmin(actor);
  requireAllowedHost(input.baseUrl);
  return db.$transaction(async (tx) => {
    await removeSimulated(tx, actor, now);
    return insertPod(tx, actor, input, now);
  });
}

/**
 * Changes a pod's settings. A new address drops the stored key unless a key is typed with it, or an admin could have the key sent
 * to an address of their own. Throws `not_found`, `conflict` for a name in use, `invalid_request` for a forbidden address.
 */
export async function editPod(actor: Actor, input: EditPod, now: Date): Promise<{ keyDropped: boolean }> {
  requirePodAdmin(actor);
  requireAllowedHost(input.baseUrl);
  const { podId, apiKey } = input;
  return db.$transaction(async (tx) => {
    const pod = await lockPod(tx, podId);
    const isMoved = pod.baseUrl !== input.baseUrl;
    const keyDropped = isMoved && apiKey === undefined && pod.sealedKey !== null;
    const since = (wanted: boolean | undefined, current: Date | null) =>
      wanted === false ? null : wanted ? (current ?? now) : current;
    const wanted = {
      name: input.name,
      baseUrl: input.baseUrl,
      hourlyMicroUsd: input.hourlyMicroUsd === undefined ? numberOf(pod.hourlyMicroUsd) : input.hourlyMicroUsd,
      weight: input.weight ?? pod.weight,
      maxInFlight: input.maxInFlight === undefined ? pod.maxInFlight : input.maxInFlight,
      holdSeconds: input.holdSeconds === undefined ? pod.holdSeconds : input.holdSeconds,
      behindProxyAt: since(input.behindProxy, pod.behindProxyAt),
      patternsAllowedAt: since(input.patternsAllowed, pod.patternsAllowedAt),
      remoteMediaForbiddenAt: since(input.remoteMediaForbidden, pod.remoteMediaForbiddenAt),
    };
    await named(input.name, () =>
      tx.pod.update({
        where: { id: podId },
        data: {
          ...wanted,
          ...(apiKey !== undefined && keyChange(pod, apiKey, now)),
          // Keys belong to the address they were typed for: none of them is sent to another.
          ...(keyDropped && { sealedKey: null }),
          ...(isMoved && { previousSealedKey: null, keyChangedAt: null }),
          ...(isMoved && unseen(now)),
          // What is at an address that somebody typed is no longer the look-alike.
          ...(isMoved && { simulatedAt: null }),
        },
        select: { id: true },
      }),
    );
    const changed = changesBetween({ ...pod, hourlyMicroUsd: numberOf(pod.hourlyMicroUsd) }, wanted);
    if (keyDropped) changed.after.key = "dropped";
    if (apiKey !== undefined) changed.after.key = "replaced";
    if (Object.keys(changed.after).length > 0) await note(tx, actor, "pod.edit", podId, now, changed);
    return { keyDropped };
  });
}

/**
 * Stores another key for a pod. What is in flight ends with the old one, and until it is settled which of the two the pod takes,
 * both are tried: neither the order of the two changes nor the time between them loses a request.
 */
export async function replacePodKey(actor: Actor, { podId, apiKey }: ReplacePodKey, now: Date): Promise<void> {
  requirePodAdmin(actor);
  const stays = await keyInUse(podId);
  await db.$transaction(async (tx) => {
    const pod = await lockPod(tx, podId);
    const change = keyChange(pod, apiKey, now);
    const data = { ...change, ...(stays && change.previousSealedKey && { previousSealedKey: stays }) };
    await tx.pod.update({ where: { id: podId }, data, select: { id: true } });
    await note(tx, actor, "pod.replace_key", podId, now, {});
  });
}

/** Sends no new requests to a pod until it is resumed; those in flight finish. */
export function pausePod(actor: Actor, { podId }: PodId, now: Date): Promise<void> {
  return setPaused(actor, podId, now, now);
}

export function resumePod(actor: Actor, { podId }: PodId, now: Date): Promise<void> {
  return setPaused(actor, podId, null, now);
}

/** Takes a pod out of service for good: no new requests, its key is deleted, its history stays. */
export async function removePod(actor: Actor, { podId }: PodId, now: Date): Promise<void> {
  requirePodAdmin(actor);
  await db.$transaction(async (tx) => {
    const { name, baseUrl } = await lockPod(tx, podId);
    await tx.pod.update({ where: { id: podId }, data: { removedAt: now, ...NO_KEYS }, select: { id: true } });
    await tx.podPower.deleteMany({ where: { podId } });
    await note(tx, actor, "pod.remove", podId, now, { before: { name, baseUrl } });
  });
}

/** Tests a pod as its form stands. The stored key is used only for the address it was stored for, and only if none is typed. */
export async function testPod(actor: Actor, { podId, baseUrl, apiKey }: TestPod): Promise<ConnectionResult> {
  requirePodAdmin(actor);
  const stored = podId !== undefined && apiKey === undefined ? await storedPodKey(podId) : null;
  const keys = stored?.baseUrl === baseUrl ? stored : { apiKey: null, previousKey: null };
  return testPodConnection({ baseUrl, apiKey: apiKey ?? keys.apiKey, previousKey: keys.previousKey });
}

/** So long are both keys tried after a change: whoever rotates pod by pod has a day for it. */
const BOTH_KEYS_MS = 24 * 60 * 60_000;

/** Deletes the keys before the present ones once their day is over. Not audited: the change was. */
export async function forgetPreviousKeys(now: Date): Promise<void> {
  await db.pod.updateMany({
    where: { previousSealedKey: { not: null }, keyChangedAt: { lt: new Date(now.getTime() - BOTH_KEYS_MS) } },
    data: { previousSealedKey: null },
  });
}

type Sighted = {
  podId: string;
  /** The address that was asked: an answer from a former one says nothing. */
  baseUrl: string;
  /** The state it was looked at in: what somebody decided meanwhile stands. */
  stateBefore?: string;
  health: PodHealth;
  /** Null: not seen this time. */
  models: string[] | null;
  lastSeenAt: Date | null;
  /** The load it told; null: nothing new. */
  gauges?: (Gauges & { at: Date }) | null;
  /** When a token of it was last seen; null: nothing new. */
  tokensSeenAt?: Date | null;
};

/** Writes down what a probe found. Not audited: nobody decided it. */
export async function recordPodState(sighted: Sighted): Promise<void> {
  const { podId, baseUrl, stateBefore, health, models, lastSeenAt, gauges, tokensSeenAt } = sighted;
  await db.pod.updateMany({
    where: { id: podId, baseUrl, removedAt: null, ...(stateBefore !== undefined && { state: stateBefore }) },
    data: {
      state: health.state,
      stateSince: health.since,
      stateReason: health.reason,
      ...(models !== null && { models }),
      ...(lastSeenAt !== null && { lastSeenAt }),
      ...(gauges && {
        requestsRunning: gauges.running,
        requestsWaiting: gauges.waiting,
        kvCacheUsage: gauges.kvCacheUsage,
        gaugesAt: gauges.at,
      }),
      ...(tokensSeenAt && { tokensSeenAt }),
    },
  });
}

type FirstPod = { baseUrl: string; apiKey: string | null } | { simulated: { port: number; key: string | null } };

const SYSTEM: Omit<Actor, "requestId"> = { kind: "system", memberId: null, role: "OWNER", ip: null };

/**
 * What a start does about pods. A given pod is added once, at the first start, and takes the simulated one's place; what people changed
 * since is theirs and stays. The simulated pod exists only while there is no other, and moves to the port it was started on.
 * Safe to call at every start and from several at once. Null: nothing was to be done.
 */
export async function ensureFirstPod(first: FirstPod, now: Date): Promise<{ podId: string } | null> {
  const actor = { ...SYSTEM, requestId: randomUUID() };
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('podpass first pod'))`;
    if ("simulated" in first) return ensureSimulated(tx, actor, first.simulated, now);
    if ((await tx.pod.count({ where: { simulatedAt: null } })) > 0) return null;
    await removeSimulated(tx, actor, now);
    const { baseUrl, apiKey } = first;
    return insertPod(tx, actor, { name: "pod", baseUrl: podBaseUrl(baseUrl), apiKey: apiKey ?? undefined }, now);
  });
}

async function ensureSimulated(tx: Db, actor: Actor, { port, key }: { port: number; key: string | null }, now: Date) {
  const live = await tx.pod.findMany({ where: { removedAt: null }, select: { id: true, simulatedAt: true } });
  if (live.some(({ simulatedAt }) => simulatedAt === null)) {
    await removeSimulated(tx, actor, now);
    return null;
  }
  const baseUrl = `http://127.0.0.1:${port}`;
  const [known] = live;
  if (!known) {
    const input = { name: "Simulated pod", baseUrl, apiKey: key ?? undefined };
    const { podId } = await insertPod(tx, actor, input, now);
    await tx.pod.update({ where: { id: podId }, data: { simulatedAt: now }, select: { id: true } });
    return { podId };
  }
  const sealedKey = key === null ? null : sealed(known.id, key);
  await tx.pod.update({ where: { id: known.id }, data: { baseUrl, sealedKey, ...unseen(now) }, select: { id: true } });
  return { podId: known.id };
}

/** The look-alike steps back as soon as there is a pod of the team's own. */
async function removeSimulated(tx: Db, actor: Actor, now: Date) {
  const removed = await tx.pod.updateManyAndReturn({
    where: { simulatedAt: { not: null }, removedAt: null },
    data: { removedAt: now, ...NO_KEYS },
    select: { id: true, name: true },
  });
  for (const { id, name } of removed) await note(tx, actor, "pod.remove", id, now, { before: { name } });
}

async function insertPod(tx: Db, actor: Actor, input: AddPod, now: Date) {
  const podId = randomUUID();
  const facts = {
    name: input.name,
    baseUrl: input.baseUrl,
    hourlyMicroUsd: input.hourlyMicroUsd ?? null,
    weight: input.weight ?? 1,
    maxInFlight: input.maxInFlight ?? null,
    holdSeconds: input.holdSeconds ?? null,
    behindProxyAt: (input.behindProxy ?? isRunpodProxy(input.baseUrl)) ? now : null,
  };
  const sealedKey = input.apiKey === undefined ? null : sealed(podId, input.apiKey);
  await named(input.name, () =>
    tx.pod.create({ data: { id: podId, ...facts, sealedKey, createdAt: now }, select: { id: true } }),
  );
  await note(tx, actor, "pod.add", podId, now, { after: { ...facts, hasKey: sealedKey !== null } });
  return { podId };
}

async function setPaused(actor: Actor, podId: string, pausedAt: Date | null, now: Date) {
  requirePodAdmin(actor);
  await db.$transaction(async (tx) => {
    const pod = await lockPod(tx, podId);
    if ((pod.pausedAt === null) === (pausedAt === null)) return;
    await tx.pod.update({ where: { id: podId }, data: { pausedAt }, select: { id: true } });
    await note(tx, actor, pausedAt ? "pod.pause" : "pod.resume", podId, now, {});
  });
}

/** The pod, with its row locked: changes of one pod follow one another. */
async function lockPod(tx: Db, podId: string) {
  if (isUuid(podId)) await tx.$executeRaw`SELECT FROM pods WHERE id = ${podId}::uuid FOR UPDATE`;
  return livePod(tx, podId);
}

type Change = { before?: AuditFacts; after?: AuditFacts };

function note(tx: Db, actor: Actor, action: string, podId: string, at: Date, change: Change) {
  return recordAudit(tx, actor, { action, targetKind: "pod", targetId: podId, ...change, at });
}

/** Turns the database's refusal of a name that is taken into words for its field. */
async function named<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isTaken = error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
    if (isTaken)
      throw new AppError("conflict", `There is a pod called ${name} already.`, { param: "name", cause: error });
    throw error;
  }
}

function requireAllowedHost(baseUrl: string) {
  if (!namesForbiddenHost(baseUrl)) return;
  throw new AppError("invalid_request", explain("forbidden_address").sentence, { param: "baseUrl" });
}

const KEY_TEST_MS = 3_000;

const NO_KEYS = { sealedKey: null, previousSealedKey: null };

type KeyColumns = Pick<Keyed, "sealedKey"> & { previousSealedKey: Keyed["sealedKey"]; keyChangedAt: Date };

type Keyed = { id: string; sealedKey: Uint8Array<ArrayBuffer> | null; baseUrl: string };

/** A new key beside the one before, if there was one. A key that is typed again is no change. */
function keyChange({ id, sealedKey }: Keyed, apiKey: string, now: Date): Partial<KeyColumns> {
  if (sealedKey !== null && openedKey({ id, sealedKey }).apiKey === apiKey) return {};
  return { sealedKey: sealed(id, apiKey), previousSealedKey: sealedKey, keyChangedAt: now };
}

/**
 * Of two keys that are tried, the one before where the pod takes only that: the present one was mistyped, or comes too early, and the
 * next change must not push out what works. Null: there is nothing to keep.
 */
async function keyInUse(podId: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const { previousSealedKey } = await livePod(db, podId);
  if (previousSealedKey === null) return null;
  const found = await testPodConnection(await storedPodKey(podId), { deadlineMs: KEY_TEST_MS });
  return found.ok && found.takesKeyBefore ? previousSealedKey : null;
}

function sealed(podId: string, apiKey: string) {
  return new Uint8Array(sealPodKey(podId, apiKey, sealingKey()));
}

/** A pod at a new address is one nobody has looked at. */
function unseen(now: Date) {
  const nothing = {
    requestsRunning: null,
    requestsWaiting: null,
    kvCacheUsage: null,
    gaugesAt: null,
    tokensSeenAt: null,
  };
  return { state: UNSEEN.state, stateSince: now, stateReason: null, models: [], ...nothing };
}

function numberOf(value: bigint | null) {
  return value === null ? null : Number(value);
}

function changesBetween(before: Record<string, unknown>, after: Record<string, unknown>) {
  const isSame = (name: string) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  const names = Object.keys(after).filter((name) => !isSame(name));
  const pick = (facts: Record<string, unknown>) => Object.fromEntries(names.map((name) => [name, facts[name]]));
  return { before: pick(before), after: pick(after) };
}
