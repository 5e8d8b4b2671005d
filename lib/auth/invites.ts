import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { inviteLetter } from "../mail/letters";
import { isMailConfigured, type MailResult, sendMail } from "../mail/send";
import { getPolicy } from "../policy/queries";
import { isAllowedDomain } from "./email-domain";
import { linkFor, linkTokenHash, mintLinkToken } from "./link-token";
import { type Actor, asProven, isAdmin, type Role } from "./member";
import { insertMember } from "./mutations";
import { hashPassword } from "./password";
import { mayGrant } from "./role-rules";
import { type Browser, beginSession, ownId } from "./sessions";
import { systemActor } from "./system-actor";

const INVITE_MS = 7 * 86_400_000;

/** Can still be used at `now`. */
export function openInviteAt(now: Date) {
  return { acceptedAt: null, revokedAt: null, expiresAt: { gt: now } };
}

/** A link to hand over. `mail` is null where none was sent: no address, or no mail server. */
export type MadeInvite = { inviteId: string; link: string; expiresAt: Date; mail: MailResult | null };

/**
 * Makes a link with which one person joins; for an address, it works for that address only and replaces earlier links to it.
 * The mail goes out after the link exists, so a broken mail server never costs the link.
 */
export async function createInvite(
  actor: Actor,
  { email, role }: { email: string | null; role: Role },
  now: Date,
): Promise<MadeInvite> {
  if (!mayGrant(actor, role)) throw new AppError("forbidden", "You may not invite somebody into this role.");
  const token = mintLinkToken();
  const expiresAt = new Date(now.getTime() + INVITE_MS);
  const inviteId = await db.$transaction(async (tx) => {
    if (email !== null) {
      await requireAllowedDomain(tx, email);
      const known = await tx.user.findUnique({ where: { email }, select: { id: true } });
      if (known)
        throw new AppError("conflict", "Somebody with this e-mail address is a member already.", { param: "email" });
      await tx.invite.updateMany({ where: { email, acceptedAt: null, revokedAt: null }, data: { revokedAt: now } });
    }
    const data = {
      tokenHash: linkTokenHash("invite", token),
      email,
      role,
      invitedById: ownId(actor),
      createdAt: now,
      expiresAt,
    };
    const { id } = await tx.invite.create({ data, select: { id: true } });
    await recordAudit(tx, actor, {
      action: "invite.create",
      targetKind: "invite",
      targetId: id,
      after: { email, role, expiresAt },
      at: now,
    });
    return id;
  });
  return { inviteId, link: linkFor("invite", token), expiresAt, mail: await mailInvite(inviteId, token) };
}

/** Makes a pending or expired invite's link again, for another seven days; the link before stops working. */
export async function remakeInvite(actor: Actor, { inviteId }: { inviteId: string }, now: Date): Promise<MadeInvite> {
  const token = mintLinkToken();
  const expiresAt = new Date(now.getTime() + INVITE_MS);
  await db.$transaction(async (tx) => {
    const invite = await pendingInvite(tx, actor, inviteId);
    if (invite.email !== null) await requireAllowedDomain(tx, invite.email);
    const changed = await tx.invite.updateMany({
      where: { id: inviteId, acceptedAt: null, revokedAt: null },
      data: { tokenHash: linkTokenHash("invite", token), invitedById: ownId(actor), createdAt: now, expiresAt },
    });
    if (changed.count === 0) throw new AppError("conflict", "This invite was used or revoked a moment ago.");
    await recordAudit(tx, actor, {
      action: "invite.remake",
      targetKind: "invite",
      targetId: inviteId,
      after: { expiresAt },
      at: now,
    });
  });
  return { inviteId, link: linkFor("invite", token), expiresAt, mail: await mailInvite(inviteId, token) };
}

/** Ends an invite that nobody has used yet. */
export async function revokeInvite(actor: Actor, { inviteId }: { inviteId: string }, now: Date) {
  await db.$transaction(async (tx) => {
    await pendingInvite(tx, actor, inviteId);
    const changed = await tx.invite.updateMany({
      where: { id: inviteId, acceptedAt: null, revokedAt: null },
      data: { revokedAt: now },
    });
    if (changed.count === 0) throw new AppError("conflict", "This invite was used a moment ago.");
    await recordAudit(tx, actor, { action: "invite.revoke", targetKind: "invite", targetId: inviteId, at: now });
  });
}

async function pendingInvite(tx: Db, actor: Actor, inviteId: string) {
  const where = { id: inviteId, acceptedAt: null, revokedAt: null };
  const invite = isAdmin(actor) ? await tx.invite.findFirst({ where, select: { email: true, role: true } }) : null;
  if (!invite) throw new AppError("not_found", "There is no such invite, or it was used or revoked.");
  if (!mayGrant(actor, invite.role)) throw new AppError("forbidden", "Only an owner can change this invite.");
  return invite;
}

async function requireAllowedDomain(tx: Db, email: string) {
  if (isAllowedDomain(email, (await getPolicy(tx)).emailDomains)) return;
  throw new AppError("forbidden", "The policy does not allow this e-mail domain.", { param: "email" });
}

async function mailInvite(inviteId: string, token: string): Promise<MailResult | null> {
  if (!isMailConfigured()) return null;
  const select = { email: true, expiresAt: true, invitedBy: { select: { name: true } } } as const;
  const invite = await db.invite.findUniqueOrThrow({ where: { id: inviteId }, select });
  if (invite.email === null) return null;
  const host = new URL(env.PUBLIC_URL).host;
  const link = linkFor("invite", token);
  return sendMail(
    inviteLetter({ to: invite.email, link, host, expiresAt: invite.expiresAt, invitedBy: invite.invitedBy.name }),
  );
}

/** What an invite's page says. Looking at it, as a mail scanner does, uses nothing up. */
export type InviteView =
  | { state: "open"; email: string | null; role: Role; invitedBy: string; expiresAt: Date }
  | { state: "used" | "revoked" | "expired"; invitedBy: string; at: Date }
  | { state: "unknown" };

export async function viewInvite(token: string, now: Date): Promise<InviteView> {
  const invite = await db.invite.findUnique({
    where: { tokenHash: linkTokenHash("invite", token) },
    select: {
      email: true,
      role: true,
      expiresAt: true,
      acceptedAt: true,
      revokedAt: true,
      invitedBy: { select: { name: true } },
    },
  });
  if (!invite) return { state: "unknown" };
  const { email, role, expiresAt, acceptedAt, revokedAt } = invite;
  const invitedBy = invite.invitedBy.name;
  if (acceptedAt) return { state: "used", invitedBy, at: acceptedAt };
  if (revokedAt) return { state: "revoked", invitedBy, at: revokedAt };
  if (expiresAt <= now) return { state: "expired", invitedBy, at: expiresAt };
  return { state: "open", email, role, invitedBy, expiresAt };
}

const GONE = "This link was used, revoked or has expired. Ask for a new one.";

type Joining = { email: string; name: string; passwordHash: string | null };

/**
 * Turns an open invite into a member; null when there is none or another was faster. Everything is part of the caller's
 * transaction, so what fails afterwards leaves the invite unused.
 */
export async function consumeInvite(
  tx: Db,
  by: { token: string } | { email: string },
  joining: Joining,
  ip: string | null,
  now: Date,
): Promise<string | null> {
  const which = "token" in by ? { tokenHash: linkTokenHash("invite", by.token) } : { email: by.email };
  const invite = await tx.invite.findFirst({
    where: { ...which, ...openInviteAt(now) },
    select: { id: true, email: true, role: true },
  });
  if (!invite) return null;
  if (invite.email !== null && invite.email !== joining.email) {
    throw new AppError("forbidden", "This invite is for another e-mail address.", { param: "email" });
  }
  await requireAllowedDomain(tx, joining.email);
  const claimed = await tx.invite.updateMany({
    where: { id: invite.id, ...openInviteAt(now) },
    data: { acceptedAt: now },
  });
  if (claimed.count === 0) return null;
  const memberId = await insertMember(tx, { ...joining, role: invite.role }, now);
  await tx.invite.update({ where: { id: invite.id }, data: { acceptedById: memberId }, select: { id: true } });
  const actor: Actor = { ...systemActor(ip), kind: "member", memberId: asProven(memberId), role: invite.role };
  const after = { email: joining.email, role: invite.role, memberId };
  await recordAudit(tx, actor, {
    action: "invite.accept",
    targetKind: "invite",
    targetId: invite.id,
    memberId,
    after,
    at: now,
  });
  return memberId;
}

type Acceptance = { token: string; name: string; email: string; password: string };

/** Joins by an invite's link and signs in. Of several at once one succeeds. Throws `not_found` when the link is over. */
export async function acceptInvite(
  { token, password, ...person }: Acceptance,
  browser: Browser,
  now: Date,
): Promise<{ memberId: string; sessionId: string }> {
  const view = await viewInvite(token, now);
  if (view.state !== "open") throw new AppError("not_found", GONE);
  const passwordHash = await hashPassword(password);
  return db.$transaction(async (tx) => {
    const memberId = await consumeInvite(tx, { token }, { ...person, passwordHash }, browser.ip, now);
    if (memberId === null) throw new AppError("not_found", GONE);
    return { memberId, sessionId: await beginSession(tx, memberId, browser, now) };
  });
}
