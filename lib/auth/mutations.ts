import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { announceKeyChange } from "../keys/announce";
import { LIMIT_NAMES, type Limits } from "../keys/limits";
import { getPolicy } from "../policy/queries";
import { isAllowedDomain } from "./email-domain";
import { type Actor, isAdmin, type Role } from "./member";
import { hashPassword } from "./password";
import { mayGrant, mayManage, roleRefusal } from "./role-rules";
import { endSessionsOf } from "./sessions";

const IDENTITY = { id: true, email: true, name: true, role: true, disabledAt: true } as const;

/**
 * The member an admin means, as they stay until the transaction ends: changes of members wait for each other, so two owners
 * who demote each other at once can't both succeed. Throws `not_found`, also for whoever may not know.
 */
async function lockMember(tx: Db, actor: Actor, memberId: string) {
  if (!isAdmin(actor)) throw new AppError("not_found", "There is no such member.");
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('podpass members'))::text`;
  const member = await tx.user.findUnique({ where: { id: memberId }, select: IDENTITY });
  if (!member) throw new AppError("not_found", "There is no such member.");
  return member;
}

/** Keeps one owner. */
async function requireAnotherOwner(tx: Db, memberId: string) {
  const others = await tx.user.count({ where: { role: "OWNER", disabledAt: null, id: { not: memberId } } });
  if (others === 0) throw new AppError("conflict", "This is the last owner. Make somebody else an owner first.");
}

async function announceKeysOf(tx: Db, memberId: string) {
  const keys = await tx.apiKey.findMany({ where: { memberId, revokedAt: null }, select: { id: true } });
  await announceKeyChange(
    tx,
    keys.map(({ id }) => id),
  );
  return keys.length;
}

type NewMember = { email: string; role: Role; name?: string; password?: string };

/**
 * Makes a member without an invite, as the operator's command line does; only there may the address be outside the allowed
 * domains. Without a password they sign in through a provider or a reset link. Throws `conflict` for a known address.
 */
export async function createMember(actor: Actor, input: NewMember, now: Date): Promise<{ memberId: string }> {
  if (!mayGrant(actor, input.role)) throw new AppError("forbidden", "You may not give this role.");
  const passwordHash = input.password === undefined ? null : await hashPassword(input.password);
  return db.$transaction(async (tx) => {
    if (actor.kind !== "cli" && !isAllowedDomain(input.email, (await getPolicy(tx)).emailDomains)) {
      throw new AppError("forbidden", "The policy does not allow this e-mail domain.", { param: "email" });
    }
    const memberId = await insertMember(tx, { ...input, passwordHash }, now);
    const after = { email: input.email, role: input.role };
    const target = { targetKind: "member", targetId: memberId, memberId } as const;
    await recordAudit(tx, actor, { action: "member.create", ...target, after, at: now });
    return { memberId };
  });
}

/** Adds the row, or throws `conflict` when the address is taken, also by somebody who joins at this very moment. */
export async function insertMember(
  tx: Db,
  { email, name, role, passwordHash }: { email: string; name?: string; role: Role; passwordHash: string | null },
  now: Date,
): Promise<string> {
  const data = { email, name: name || (email.split("@")[0] ?? email), role, passwordHash, createdAt: now };
  const [created] = await tx.user.createManyAndReturn({ data: [data], skipDuplicates: true, select: { id: true } });
  if (created) return created.id;
  throw new AppError("conflict", "Somebody with this e-mail address is a member already.", { param: "email" });
}

/** Team: gives a member another role. It counts from their next request on, for their keys within seconds. */
export async function changeRole(actor: Actor, { memberId, role }: { memberId: string; role: Role }, now: Date) {
  await db.$transaction(async (tx) => {
    const target = await lockMember(tx, actor, memberId);
    const refusal = roleRefusal({ actor, target, to: role });
    if (refusal) throw new AppError("forbidden", refusal);
    if (target.role === role) return;
    if (target.role === "OWNER") await requireAnotherOwner(tx, memberId);
    await tx.user.update({ where: { id: memberId }, data: { role }, select: { id: true } });
    await revokeInvitesBeyond(tx, memberId, role, now);
    const facts = { before: { role: target.role }, after: { role } };
    await recordAudit(tx, actor, {
      action: "member.role",
      targetKind: "member",
      targetId: memberId,
      memberId,
      ...facts,
      at: now,
    });
    await announceKeysOf(tx, memberId);
  });
}

/** Links that somebody sent while they still could end with their right to send them. */
async function revokeInvitesBeyond(tx: Db, inviterId: string, role: Role | null, now: Date) {
  const roles = (["OWNER", "ADMIN", "MEMBER"] as const).filter((given) => role === null || !mayGrant({ role }, given));
  const where = { invitedById: inviterId, role: { in: roles }, acceptedAt: null, revokedAt: null };
  await tx.invite.updateMany({ where, data: { revokedAt: now } });
}

/** Team: ends a member's sessions at once and stops their keys within seconds, both reversibly. Their usage stays theirs. */
export async function disableMember(
  actor: Actor,
  { memberId }: { memberId: string },
  now: Date,
): Promise<{ sessions: number; keys: number }> {
  return db.$transaction(async (tx) => {
    const target = await lockMember(tx, actor, memberId);
    if (!mayManage(actor, target)) throw new AppError("forbidden", "Only an owner can disable an owner.");
    if (target.disabledAt !== null) throw new AppError("conflict", "This member is disabled already.");
    if (target.role === "OWNER") await requireAnotherOwner(tx, memberId);
    await tx.user.update({ where: { id: memberId }, data: { disabledAt: now }, select: { id: true } });
    const sessions = await endSessionsOf(tx, memberId, now);
    await tx.passwordReset.updateMany({ where: { userId: memberId, usedAt: null }, data: { expiresAt: now } });
    await revokeInvitesBeyond(tx, memberId, null, now);
    await recordAudit(tx, actor, {
      action: "member.disable",
      targetKind: "member",
      targetId: memberId,
      memberId,
      after: { sessions },
      at: now,
    });
    return { sessions, keys: await announceKeysOf(tx, memberId) };
  });
}

/** Team: lets a disabled member sign in again; their keys work again within seconds. */
export async function enableMember(actor: Actor, { memberId }: { memberId: string }, now: Date) {
  await db.$transaction(async (tx) => {
    const target = await lockMember(tx, actor, memberId);
    if (!mayManage(actor, target)) throw new AppError("forbidden", "Only an owner can enable an owner.");
    if (target.disabledAt === null) throw new AppError("conflict", "This member is not disabled.");
    await tx.user.update({ where: { id: memberId }, data: { disabledAt: null }, select: { id: true } });
    await recordAudit(tx, actor, {
      action: "member.enable",
      targetKind: "member",
      targetId: memberId,
      memberId,
      at: now,
    });
    await announceKeysOf(tx, memberId);
  });
}

/** Team: a member's own ceiling over each of their keys; null where the policy's figure for the role holds, missing stays. */
export async function setMemberLimits(
  actor: Actor,
  { memberId, limits }: { memberId: string; limits: Partial<Limits> },
  now: Date,
) {
  await db.$transaction(async (tx) => {
    const target = await lockMember(tx, actor, memberId);
    if (!mayManage(actor, target)) throw new AppError("forbidden", "Only an owner can change an owner's limits.");
    const select = { rpm: true, tpm: true, concurrency: true, monthlyTokens: true, monthlyMicroUsd: true } as const;
    const before = await tx.user.findUniqueOrThrow({ where: { id: memberId }, select });
    const given = LIMIT_NAMES.filter((name) => limits[name] !== undefined);
    const after = Object.fromEntries(given.map((name) => [name, limits[name]])) as Partial<Limits>;
    await tx.user.update({ where: { id: memberId }, data: after, select: { id: true } });
    await recordAudit(tx, actor, {
      action: "member.limits",
      targetKind: "member",
      targetId: memberId,
      memberId,
      before,
      after,
      at: now,
    });
    await announceKeysOf(tx, memberId);
  });
}
