import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { log } from "../log";
import { resetLetter } from "../mail/letters";
import { isMailConfigured, type MailResult, sendMail } from "../mail/send";
import { linkFor, linkTokenHash, mintLinkToken } from "./link-token";
import { type Actor, asProven, isAdmin } from "./member";
import { hashPassword } from "./password";
import { mayManage } from "./role-rules";
import { type Browser, beginSession, endSessionsOf } from "./sessions";
import { systemActor } from "./system-actor";
import { forgiveAccount } from "./throttle";

/** Handed over by an admin, who may have to wait for somebody to read it; one that was asked for by mail is used at once. */
const BY_ADMIN_MS = 24 * 3_600_000;
const BY_MAIL_MS = 3_600_000;

/** Stores a new link; a member's earlier ones end with it. */
async function makeLink(tx: Db, link: { userId: string; createdById: string | null; lifeMs: number }, now: Date) {
  const token = mintLinkToken();
  const expiresAt = new Date(now.getTime() + link.lifeMs);
  const { userId, createdById } = link;
  await tx.passwordReset.updateMany({
    where: { userId, usedAt: null, expiresAt: { gt: now } },
    data: { expiresAt: now },
  });
  const data = { tokenHash: linkTokenHash("reset", token), userId, createdById, createdAt: now, expiresAt };
  await tx.passwordReset.create({ data, select: { id: true } });
  return { link: linkFor("reset", token), expiresAt };
}

/** Team: a link with which a member chooses a new password, to hand over. Also the operator's way in when nobody can sign in. */
export async function createPasswordReset(
  actor: Actor,
  { memberId }: { memberId: string },
  now: Date,
): Promise<{ link: string; expiresAt: Date; mail: MailResult | null }> {
  if (!isAdmin(actor)) throw new AppError("not_found", "There is no such member.");
  const { email, ...made } = await db.$transaction(async (tx) => {
    const target = await tx.user.findUnique({
      where: { id: memberId },
      select: { role: true, disabledAt: true, email: true },
    });
    if (!target) throw new AppError("not_found", "There is no such member.");
    if (!mayManage(actor, target)) throw new AppError("forbidden", "Only an owner can reset an owner's password.");
    if (target.disabledAt !== null) throw new AppError("conflict", "This member is disabled. Enable them first.");
    const link = await makeLink(tx, { userId: memberId, createdById: actor.memberId, lifeMs: BY_ADMIN_MS }, now);
    const { expiresAt } = link;
    await recordAudit(tx, actor, {
      action: "member.reset_link",
      targetKind: "member",
      targetId: memberId,
      memberId,
      after: { expiresAt },
      at: now,
    });
    return { ...link, email: target.email };
  });
  const host = new URL(env.PUBLIC_URL).host;
  return { ...made, mail: isMailConfigured() ? await sendMail(resetLetter({ to: email, host, ...made })) : null };
}

const MOST_BY_MAIL_IN_AN_HOUR = 3;

/**
 * Sign-in, "Forgot your password?": sends a link if the address is a member's. Resolves without saying whether it was;
 * the mail itself goes out after that, so the time says nothing either.
 */
export async function requestPasswordReset({ email }: { email: string }, ip: string | null, now: Date): Promise<void> {
  if (!isMailConfigured())
    throw new AppError("forbidden", "This Podpass sends no mail. Ask an admin for a reset link.");
  const made = await db.$transaction(async (tx) => {
    const member = await tx.user.findUnique({ where: { email }, select: { id: true, disabledAt: true } });
    if (!member || member.disabledAt !== null) return null;
    const since = new Date(now.getTime() - BY_MAIL_MS);
    const recent = await tx.passwordReset.count({
      where: { userId: member.id, createdById: null, createdAt: { gt: since } },
    });
    if (recent >= MOST_BY_MAIL_IN_AN_HOUR) return null;
    const target = { targetKind: "member", targetId: member.id, memberId: member.id } as const;
    await recordAudit(tx, systemActor(ip), { action: "member.reset_request", ...target, at: now });
    return makeLink(tx, { userId: member.id, createdById: null, lifeMs: BY_MAIL_MS }, now);
  });
  if (made === null) return;
  sendMail(resetLetter({ to: email, host: new URL(env.PUBLIC_URL).host, ...made })).then(
    (result) => result.sent || log.error({ mail: result.error }, "a password link could not be mailed"),
    (cause: unknown) => log.error({ cause }, "a password link could not be mailed"),
  );
}

/** What a reset link's page says. Looking at it uses nothing up. */
export type ResetView =
  | { state: "open"; email: string; madeBy: string | null; expiresAt: Date }
  | { state: "used" | "expired"; at: Date }
  | { state: "unknown" };

export async function viewPasswordReset(token: string, now: Date): Promise<ResetView> {
  const reset = await db.passwordReset.findUnique({
    where: { tokenHash: linkTokenHash("reset", token) },
    select: { expiresAt: true, usedAt: true, createdById: true, user: { select: { email: true, disabledAt: true } } },
  });
  if (!reset) return { state: "unknown" };
  if (reset.usedAt) return { state: "used", at: reset.usedAt };
  if (reset.expiresAt <= now || reset.user.disabledAt !== null) return { state: "expired", at: reset.expiresAt };
  const maker =
    reset.createdById === null
      ? null
      : await db.user.findUnique({ where: { id: reset.createdById }, select: { name: true } });
  return { state: "open", email: reset.user.email, madeBy: maker?.name ?? null, expiresAt: reset.expiresAt };
}

/** Chooses a new password by a link, ends every session of the member and begins a new one. Throws `not_found` when the link is over. */
export async function resetPassword(
  { token, password }: { token: string; password: string },
  browser: Browser,
  now: Date,
): Promise<{ sessionId: string }> {
  const gone = () => new AppError("not_found", "This link was used or has expired. Ask for a new one.");
  if ((await viewPasswordReset(token, now)).state !== "open") throw gone();
  const passwordHash = await hashPassword(password);
  const tokenHash = linkTokenHash("reset", token);
  return db.$transaction(async (tx) => {
    const where = { tokenHash, usedAt: null, expiresAt: { gt: now } };
    const used = await tx.passwordReset.updateMany({ where, data: { usedAt: now } });
    if (used.count === 0) throw gone();
    const { userId } = await tx.passwordReset.findUniqueOrThrow({ where: { tokenHash }, select: { userId: true } });
    const changed = await tx.user.updateMany({ where: { id: userId, disabledAt: null }, data: { passwordHash } });
    if (changed.count === 0) throw gone();
    const { email, role } = await tx.user.findUniqueOrThrow({
      where: { id: userId },
      select: { email: true, role: true },
    });
    await forgiveAccount(tx, email);
    const after = { sessionsEnded: await endSessionsOf(tx, userId, now) };
    const actor: Actor = { ...systemActor(browser.ip), kind: "member", memberId: asProven(userId), role };
    await recordAudit(tx, actor, {
      action: "member.password",
      targetKind: "member",
      targetId: userId,
      memberId: userId,
      after,
      at: now,
    });
    return { sessionId: await beginSession(tx, userId, browser, now) };
  });
}
