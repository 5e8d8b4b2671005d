import { recordAudit } from "../audit/record";
import { db } from "../db";
import { AppError } from "../errors";
import type { Actor } from "./member";
import { hashPassword, verifyPassword } from "./password";
import { endSessionsOf, ownId } from "./sessions";
import { admission, countAttempt, forgiveAttempt } from "./throttle";

type Profile = { name: string; timeZone: string | null; theme: string | null };

/** Settings: one's own name, time zone and theme. */
export async function updateProfile(actor: Actor, { name, timeZone, theme }: Profile, now: Date) {
  const memberId = ownId(actor);
  await db.$transaction(async (tx) => {
    const select = { name: true, timeZone: true, theme: true } as const;
    const before = await tx.user.findUniqueOrThrow({ where: { id: memberId }, select });
    const after = await tx.user.update({ where: { id: memberId }, data: { name, timeZone, theme }, select });
    await recordAudit(tx, actor, {
      action: "member.profile",
      targetKind: "member",
      targetId: memberId,
      memberId,
      before,
      after,
      at: now,
    });
  });
}

/** The theme alone, chosen from the account menu. */
export async function chooseTheme(actor: Actor, { theme }: Pick<Profile, "theme">, now: Date) {
  const memberId = ownId(actor);
  await db.$transaction(async (tx) => {
    const select = { theme: true } as const;
    const before = await tx.user.findUniqueOrThrow({ where: { id: memberId }, select });
    if (before.theme === theme) return;
    const after = await tx.user.update({ where: { id: memberId }, data: { theme }, select });
    await recordAudit(tx, actor, {
      action: "member.profile",
      targetKind: "member",
      targetId: memberId,
      memberId,
      before,
      after,
      at: now,
    });
  });
}

type ChangePassword = { current: string; password: string };

/**
 * Settings: a new password, after the current one was given; every other session ends. Wrong ones are counted as at sign-in,
 * so a borrowed browser is no place to guess.
 */
export async function changePassword(
  actor: Actor & { sessionId: string },
  { current, password }: ChangePassword,
  now: Date,
) {
  const memberId = ownId(actor);
  const member = await db.user.findUniqueOrThrow({
    where: { id: memberId },
    select: { email: true, passwordHash: true },
  });
  if (member.passwordHash !== null) {
    const attempt = { email: member.email, address: actor.ip };
    const verdict = admission(await countAttempt(attempt, now));
    if (!verdict.allowed) throw new AppError("rate_limit_exceeded", "Too many wrong passwords. Try again later.");
    if (!(await verifyPassword(member.passwordHash, current))) {
      throw new AppError("invalid_request", "The current password is wrong.", { param: "current" });
    }
    await forgiveAttempt(attempt);
  }
  const passwordHash = await hashPassword(password);
  await db.$transaction(async (tx) => {
    // Changed elsewhere meanwhile: what was proven above is no longer the password.
    const where = { id: memberId, passwordHash: member.passwordHash, disabledAt: null };
    const changed = await tx.user.updateMany({ where, data: { passwordHash } });
    if (changed.count === 0) throw new AppError("conflict", "The password was changed a moment ago. Sign in again.");
    await tx.passwordReset.updateMany({ where: { userId: memberId, usedAt: null }, data: { expiresAt: now } });
    const after = { sessionsEnded: await endSessionsOf(tx, memberId, now, actor.sessionId) };
    await recordAudit(tx, actor, {
      action: "member.password",
      targetKind: "member",
      targetId: memberId,
      memberId,
      after,
      at: now,
    });
  });
}

/** Settings: unlinks a provider. Throws `conflict` for the last way to sign in. */
export async function disconnectAccount(actor: Actor, { accountId }: { accountId: string }, now: Date) {
  const memberId = ownId(actor);
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM users WHERE id = ${memberId}::uuid FOR UPDATE`;
    const select = { passwordHash: true, accounts: { select: { id: true, provider: true } } } as const;
    const { passwordHash, accounts } = await tx.user.findUniqueOrThrow({ where: { id: memberId }, select });
    const account = accounts.find(({ id }) => id === accountId);
    if (!account) throw new AppError("not_found", "This sign-in is not connected.");
    if (passwordHash === null && accounts.length === 1) {
      throw new AppError("conflict", "Choose a password first: this is your only way to sign in.");
    }
    await tx.account.delete({ where: { id: accountId }, select: { id: true } });
    const before = { provider: account.provider };
    await recordAudit(tx, actor, {
      action: "member.disconnect",
      targetKind: "member",
      targetId: memberId,
      memberId,
      before,
      at: now,
    });
  });
}
