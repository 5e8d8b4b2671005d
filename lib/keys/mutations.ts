import { type AuditFacts, recordAudit } from "../audit/record";
import { type Actor, isAdmin } from "../auth/member";
import { type Db, db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { Prisma } from "../generated/prisma/client";
import { getPolicy } from "../policy/queries";
import { deriveKey } from "../secrets";
import { announceKeyChange } from "./announce";
import { expiryAt } from "./expiry";
import { type KeyPolicy, LIMIT_NAMES, type Limits, NO_LIMITS } from "./limits";
import { isUuid } from "./list-cursor";
import { limitsOf, ownedBy, refuseKey } from "./queries";
import { outgoingExpiresAt } from "./rotation";
import { requireExpiry, requireGrace, requireLimits, requireLive, requireRotation } from "./rules";
import type { CreateKey, EndOutgoing, KeyChange, RenameKey, RotateKey, UpdateLimits } from "./schema";
import { digestOf, hintOf, mintSecret, PEPPER_VERSION } from "./secret";

/** Fifty people creating keys at once wait for each other rather than fail. */
const TRANSACTION = { maxWait: 10_000, timeout: 10_000 };

export type Issued = {
  keyId: string;
  secretId: string;
  secret: string;
  hint: string;
  /** What the key may ask for; empty: anything. */
  models: string[];
};

/**
 * Makes a key with its first secret, which exists nowhere but in this answer. Admins may make one for another member.
 * Throws `invalid_request` for what the policy forbids and `conflict` at its number of keys; the command line may exceed both.
 */
export async function createKey(
  actor: Actor,
  input: CreateKey,
  now: Date,
): Promise<Issued & { expiresAt: Date | null }> {
  const memberId = input.memberId ?? actor.memberId;
  if (memberId === null) throw new AppError("invalid_request", "Say whose key this is.", { param: "memberId" });
  if (memberId !== actor.memberId && !isAdmin(actor)) {
    throw new AppError("invalid_request", "Only an admin can make a key for somebody else.", { param: "memberId" });
  }
  const secret = mintSecret();

  const created = await db.$transaction(async (tx) => {
    const policy = await getPolicy(tx);
    const member = await lockMember(tx, memberId);
    await requireRoom(tx, actor, member, policy, now);
    const expiresAt = expiryAt(input.expires ?? { kind: "default" }, now, policy);
    requireExpiry(actor, { expiresAt, createdAt: now, now, policy });
    requireLimits(actor, { wanted: input, current: NO_LIMITS, member, policy });
    requireRotation(actor, input.rotateEveryDays, policy);

    const key = await tx.apiKey.create({
      data: {
        memberId,
        name: input.name,
        createdAt: now,
        expiresAt,
        ...columnsOf(input),
        secrets: { create: { createdAt: now, ...storedForm(secret) } },
      },
      select: { id: true, secrets: { select: { id: true } } },
    });
    const after = { name: input.name, expiresAt, hint: hintOf(secret), ...columnsOf(input) };
    await settle(tx, actor, { action: "key.create", keyId: key.id, memberId, after, at: now });
    return { keyId: key.id, secretId: onlySecret(key.secrets), expiresAt, models: input.models ?? [] };
  }, TRANSACTION);

  return { ...created, secret, hint: hintOf(secret) };
}

/**
 * Gives a key a new secret; the current one keeps working for the grace period, cut at the key's own end. A `secretId` names the
 * current secret as its caller saw it. Throws `conflict` if the key was rotated meanwhile, or has ended.
 */
export async function rotateKey(
  actor: Actor,
  input: RotateKey,
  now: Date,
): Promise<Issued & { outgoingExpiresAt: Date }> {
  const { keyId, graceMs } = input;
  // Seen before the lock: of two rotations at once, the second finds another secret behind it.
  const seen = input.secretId ?? (await currentSecretId(actor, keyId));
  const secret = mintSecret();

  const rotated = await changeKey(actor, { keyId, attempted: "key.rotate" }, async (tx, key) => {
    requireLive(key, now);
    requireGrace(actor, graceMs, await getPolicy(tx));

    // At most two secrets live: what an earlier rotation left running ends now.
    await tx.apiKeySecret.updateMany({
      where: { apiKeyId: keyId, revokedAt: null, expiresAt: { gt: now } },
      data: { expiresAt: now, revokedAt: now },
    });

    // This condition settles a race, not the reads above: the second of two rotations matches no row.
    const endsAt = outgoingExpiresAt({ rotatedAt: now, graceMs, keyExpiresAt: key.expiresAt });
    const ended = await tx.apiKeySecret.updateMany({
      where: { id: seen, apiKeyId: keyId, expiresAt: null, revokedAt: null },
      data: { expiresAt: endsAt, ...(graceMs === 0 && { revokedAt: now }) },
    });
    if (ended.count === 0) throw new AppError("conflict", "This key was rotated a moment ago: look at it again.");

    const { id: secretId } = await tx.apiKeySecret.create({
      data: { apiKeyId: keyId, createdAt: now, ...storedForm(secret) },
      select: { id: true },
    });
    const after = { graceMs, outgoingExpiresAt: endsAt, hint: hintOf(secret) };
    await settle(tx, actor, { action: "key.rotate", keyId, memberId: key.memberId, after, at: now });
    return { secretId, outgoingExpiresAt: endsAt, models: key.models ?? [] };
  });

  return { keyId, ...rotated, secret, hint: hintOf(secret) };
}

/** Ends the secret that a rotation left running. Throws `conflict` if it has ended already. */
export async function endOutgoingSecret(actor: Actor, { keyId, secretId }: EndOutgoing, now: Date): Promise<void> {
  await changeKey(actor, { keyId, attempted: "key.end_outgoing" }, async (tx, key) => {
    const ended = await tx.apiKeySecret.updateManyAndReturn({
      where: {
        apiKeyId: keyId,
        revokedAt: null,
        expiresAt: { gt: now },
        ...(secretId !== undefined && { id: secretId }),
      },
      data: { expiresAt: now, revokedAt: now },
      select: { hint: true },
    });
    const [outgoing] = ended;
    if (!outgoing) throw new AppError("conflict", "The old secret has already ended.");
    await settle(tx, actor, { action: "key.end_outgoing", keyId, memberId: key.memberId, after: outgoing, at: now });
  });
}

/** Ends a key and all its secrets for good. A key that was revoked before stays as it was. */
export async function revokeKey(actor: Actor, { keyId }: KeyChange, now: Date): Promise<{ revokedAt: Date }> {
  return changeKey(actor, { keyId, attempted: "key.revoke" }, async (tx, key) => {
    if (key.revokedAt) return { revokedAt: key.revokedAt };
    await tx.apiKey.update({ where: { id: keyId }, data: { revokedAt: now }, select: { id: true } });
    await tx.apiKeySecret.updateMany({
      where: { apiKeyId: keyId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      data: { revokedAt: now },
    });
    await settle(tx, actor, { action: "key.revoke", keyId, memberId: key.memberId, at: now });
    return { revokedAt: now };
  });
}

/** Stops a key until it is enabled again. What an admin disables, only an admin enables. */
export async function disableKey(actor: Actor, { keyId }: KeyChange, now: Date): Promise<void> {
  await changeKey(actor, { keyId, attempted: "key.disable" }, async (tx, key) => {
    requireLive(key, now);
    const isTakenOver = isAdmin(actor) && key.disabledById === key.memberId && actor.memberId !== key.memberId;
    if (key.disabledAt && !isTakenOver) return;
    await tx.apiKey.update({
      where: { id: keyId },
      data: { disabledAt: key.disabledAt ?? now, disabledById: actor.memberId },
      select: { id: true },
    });
    await settle(tx, actor, { action: "key.disable", keyId, memberId: key.memberId, at: now });
  });
}

/** Brings a disabled key back. Throws `forbidden` to a member whose key an admin disabled. */
export async function enableKey(actor: Actor, { keyId }: KeyChange, now: Date): Promise<void> {
  await changeKey(actor, { keyId, attempted: "key.enable" }, async (tx, key) => {
    requireLive(key, now);
    if (!key.disabledAt) return;
    if (!isAdmin(actor) && key.disabledById !== actor.memberId) {
      throw new AppError("forbidden", "An admin disabled this key, so an admin has to enable it.");
    }
    await tx.apiKey.update({
      where: { id: keyId },
      data: { disabledAt: null, disabledById: null },
      select: { id: true },
    });
    await settle(tx, actor, { action: "key.enable", keyId, memberId: key.memberId, at: now });
  });
}

/** Renames a key, also one that has ended: its usage is still shown under the name. */
export async function renameKey(actor: Actor, { keyId, name }: RenameKey, now: Date): Promise<void> {
  await changeKey(actor, { keyId, attempted: "key.rename" }, async (tx, key) => {
    if (key.name === name) return;
    await tx.apiKey.update({ where: { id: keyId }, data: { name }, select: { id: true } });
    const change = { before: { name: key.name }, after: { name } };
    await settle(tx, actor, { action: "key.rename", keyId, memberId: key.memberId, ...change, at: now });
  });
}

/**
 * Sets the limits, lists, end and rotation that the input names and leaves the rest. A member stays within the policy and their own
 * ceiling, an admin within the member's, the command line within nothing. Throws `invalid_request` with the field as `param`.
 */
export async function updateLimits(actor: Actor, input: UpdateLimits, now: Date): Promise<void> {
  const { keyId } = input;
  await changeKey(actor, { keyId, attempted: "key.limits" }, async (tx, key) => {
    requireLive(key, now);
    const policy = await getPolicy(tx);
    const member = await lockMember(tx, key.memberId);
    const current = limitsOf(key);
    requireLimits(actor, { wanted: input, current, member, policy });
    requireRotation(actor, input.rotateEveryDays, policy);

    const wanted: Record<string, unknown> = columnsOf(input);
    if (input.expires !== undefined) {
      const expiresAt = expiryAt(input.expires, now, policy);
      // What the key has already is never refused: policies change under living keys.
      const isLonger = key.expiresAt !== null && (expiresAt === null || expiresAt > key.expiresAt);
      if (isLonger || (expiresAt !== null && expiresAt <= now)) {
        requireExpiry(actor, { expiresAt, createdAt: key.createdAt, now, policy });
      }
      wanted.expiresAt = expiresAt;
    }

    const before: Record<string, unknown> = { ...key, ...current };
    const changed = Object.keys(wanted).filter((name) => !isSame(before[name], wanted[name]));
    if (changed.length === 0) return;
    const pick = (facts: Record<string, unknown>) => Object.fromEntries(changed.map((name) => [name, facts[name]]));
    await tx.apiKey.update({ where: { id: keyId }, data: pick(wanted), select: { id: true } });
    if (wanted.expiresAt instanceof Date) {
      // No secret outlives its key.
      await tx.apiKeySecret.updateMany({
        where: { apiKeyId: keyId, revokedAt: null, expiresAt: { gt: wanted.expiresAt } },
        data: { expiresAt: wanted.expiresAt },
      });
    }
    const change = { before: pick(before), after: pick(wanted) };
    await settle(tx, actor, { action: "key.limits", keyId, memberId: key.memberId, ...change, at: now });
  });
}

const KEY_COLUMNS = Prisma.sql`k.id::text, k.member_id::text AS "memberId", k.name, k.created_at AS "createdAt", k.expires_at AS "expiresAt",
  k.revoked_at AS "revokedAt", k.disabled_at AS "disabledAt", k.disabled_by_id::text AS "disabledById",
  k.rotate_every_days AS "rotateEveryDays", k.rpm, k.tpm, k.concurrency, k.monthly_tokens AS "monthlyTokens",
  k.monthly_micro_usd AS "monthlyMicroUsd", k.models, k.cidrs`;

type LockedKey = {
  id: string;
  memberId: string;
  name: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  disabledAt: Date | null;
  disabledById: string | null;
  rotateEveryDays: number | null;
  rpm: number | null;
  tpm: number | null;
  concurrency: number | null;
  monthlyTokens: bigint | null;
  monthlyMicroUsd: bigint | null;
  /** Null where none was ever named. */
  models: string[] | null;
  cidrs: string[] | null;
};

type Attempt = { keyId: string; attempted: string };

/** Runs a change with the key's row locked, if it is the actor's to change. Changes of one key thus follow one another. */
async function changeKey<T>(actor: Actor, { keyId, attempted }: Attempt, run: (tx: Db, key: LockedKey) => Promise<T>) {
  if (!isUuid(keyId)) return refuseKey(actor, keyId, attempted);
  const done = await db.$transaction(async (tx) => {
    const [key] = await tx.$queryRaw<LockedKey[]>`
      SELECT ${KEY_COLUMNS} FROM api_keys k WHERE k.id = ${keyId}::uuid AND ${ownedBy(actor)} FOR UPDATE`;
    return key ? { value: await run(tx, key) } : null;
  }, TRANSACTION);
  return done ? done.value : refuseKey(actor, keyId, attempted);
}

async function currentSecretId(actor: Actor, keyId: string) {
  if (!isUuid(keyId)) return refuseKey(actor, keyId, "key.rotate");
  const [current] = await db.$queryRaw<{ id: string }[]>`
    SELECT s.id::text FROM api_key_secrets s JOIN api_keys k ON k.id = s.api_key_id
    WHERE k.id = ${keyId}::uuid AND ${ownedBy(actor)} AND s.expires_at IS NULL ORDER BY s.created_at DESC, s.id DESC LIMIT 1`;
  return current?.id ?? refuseKey(actor, keyId, "key.rotate");
}

type LockedMember = Limits & { id: string; role: "OWNER" | "ADMIN" | "MEMBER"; disabledAt: Date | null };

/** The member's row, locked, so that keys made at the same moment are counted one after the other. */
async function lockMember(tx: Db, memberId: string): Promise<LockedMember> {
  const [member] = isUuid(memberId)
    ? await tx.$queryRaw<(Omit<LockedMember, "monthlyTokens" | "monthlyMicroUsd"> & Parameters<typeof limitsOf>[0])[]>`
        SELECT id::text, role::text, disabled_at AS "disabledAt", rpm, tpm, concurrency,
          monthly_tokens AS "monthlyTokens", monthly_micro_usd AS "monthlyMicroUsd"
        FROM users WHERE id = ${memberId}::uuid FOR NO KEY UPDATE`
    : [];
  if (!member) throw new AppError("not_found", "There is no such member.", { param: "memberId" });
  return { id: member.id, role: member.role, disabledAt: member.disabledAt, ...limitsOf(member) };
}

async function requireRoom(tx: Db, actor: Actor, member: LockedMember, policy: KeyPolicy, now: Date) {
  if (member.disabledAt)
    throw new AppError("conflict", "This member is disabled. Enable them first.", { param: "memberId" });
  if (actor.kind === "cli") return;
  const live = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const count = await tx.apiKey.count({ where: { AND: [{ memberId: member.id }, live] } });
  if (count < policy.maxKeysPerMember) return;
  const most = policy.maxKeysPerMember;
  throw new AppError(
    "conflict",
    `The team's policy allows ${most} keys a member. Revoke one, or ask an admin to raise it.`,
  );
}

type Settings = Partial<Limits> & { models?: string[]; cidrs?: string[]; rotateEveryDays?: number | null };

/** Named one by one: nothing else an input carries reaches a column. */
function columnsOf(input: { [name in keyof Settings]: Settings[name] | undefined }): Settings {
  const settings: Settings = {};
  for (const name of LIMIT_NAMES) if (input[name] !== undefined) settings[name] = input[name];
  if (input.models !== undefined) settings.models = input.models;
  if (input.cidrs !== undefined) settings.cidrs = input.cidrs;
  if (input.rotateEveryDays !== undefined) settings.rotateEveryDays = input.rotateEveryDays;
  return settings;
}

/** What is kept of a secret. */
function storedForm(secret: string) {
  const hash = digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper"));
  return { hash: new Uint8Array(hash), pepperVersion: PEPPER_VERSION, hint: hintOf(secret) };
}

type Settled = { action: string; keyId: string; memberId: string; before?: AuditFacts; after?: AuditFacts; at: Date };

/** The two things every change ends with: its audit row, and the news for every replica's cache. */
async function settle(tx: Db, actor: Actor, { keyId, ...entry }: Settled) {
  await recordAudit(tx, actor, { ...entry, targetKind: "key", targetId: keyId });
  await announceKeyChange(tx, [keyId]);
}

function onlySecret([first]: { id: string }[]) {
  if (!first) throw new Error("a key was created without a secret");
  return first.id;
}

function isSame(left: unknown, right: unknown) {
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}
