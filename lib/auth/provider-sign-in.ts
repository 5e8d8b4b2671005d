import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { getPolicy } from "../policy/queries";
import { isListedDomain } from "./email-domain";
import type { Intent } from "./intent";
import { consumeInvite } from "./invites";
import { type Actor, asProven } from "./member";
import { insertMember } from "./mutations";
import { isFresh } from "./owner";
import { systemActor } from "./system-actor";

/** Somebody as a provider vouches for them. `email` is null unless the provider says that it is verified. */
export type Visitor = { provider: string; accountId: string; email: string | null; name: string };

export type Welcome =
  | { kind: "signed_in"; memberId: string }
  | { kind: "refused"; reason: "no_account" | "unverified" | "disabled" | "other_member" | "invite_refused" };

/**
 * Who a visitor is here. A linked account is its member. Otherwise only a verified address counts, and it lets in members,
 * the invited, and the policy's domains; for everybody else no row is written.
 */
export async function welcomeVisitor(
  visitor: Visitor,
  intent: Intent | null,
  ip: string | null,
  now: Date,
): Promise<Welcome> {
  try {
    return await db.$transaction((tx) => welcome(tx, visitor, intent, ip, now));
  } catch (error) {
    // An invite for another address, or a domain the policy does not allow: nothing was written.
    if (error instanceof AppError) return { kind: "refused", reason: "invite_refused" };
    throw error;
  }
}

async function welcome(
  tx: Db,
  visitor: Visitor,
  intent: Intent | null,
  ip: string | null,
  now: Date,
): Promise<Welcome> {
  const { provider, accountId: providerAccountId, email, name } = visitor;
  const connectTo = intent && "connect" in intent ? intent.connect : null;
  const linked = await tx.account.findUnique({
    where: { provider_providerAccountId: { provider, providerAccountId } },
    select: { user: { select: { id: true, disabledAt: true } } },
  });
  if (linked) {
    if (connectTo !== null && connectTo !== linked.user.id) return { kind: "refused", reason: "other_member" };
    return signedIn(linked.user);
  }
  if (connectTo !== null) {
    const member = await tx.user.findUnique({ where: { id: connectTo }, select: { id: true, disabledAt: true } });
    return member ? link(tx, member, visitor, ip, now) : { kind: "refused", reason: "no_account" };
  }
  if (email === null) return { kind: "refused", reason: "unverified" };
  const member = await tx.user.findUnique({ where: { email }, select: { id: true, disabledAt: true } });
  if (member) return link(tx, member, visitor, ip, now);

  const joining = { email, name, passwordHash: null };
  const by = intent && "invite" in intent ? { token: intent.invite } : { email };
  const invited = await consumeInvite(tx, by, joining, ip, now);
  if (invited !== null) return link(tx, { id: invited, disabledAt: null }, visitor, ip, now);

  if (isListedDomain(email, (await getPolicy(tx)).emailDomains) && !(await isFresh(tx))) {
    const id = await insertMember(tx, { ...joining, role: "MEMBER" }, now);
    const after = { email, role: "MEMBER", provider };
    const target = { targetKind: "member", targetId: id, memberId: id } as const;
    await recordAudit(tx, themself(id, ip), { action: "member.create", ...target, after, at: now });
    return link(tx, { id, disabledAt: null }, visitor, ip, now);
  }
  return { kind: "refused", reason: "no_account" };
}

type Known = { id: string; disabledAt: Date | null };

function signedIn({ id, disabledAt }: Known): Welcome {
  return disabledAt === null ? { kind: "signed_in", memberId: id } : { kind: "refused", reason: "disabled" };
}

async function link(tx: Db, member: Known, visitor: Visitor, ip: string | null, now: Date): Promise<Welcome> {
  if (member.disabledAt !== null) return signedIn(member);
  const { provider, accountId: providerAccountId } = visitor;
  const data = { userId: member.id, provider, providerAccountId, createdAt: now };
  const { count } = await tx.account.createMany({ data: [data], skipDuplicates: true });
  // Linked by somebody else at this very moment: the next try finds that account.
  if (count === 0) return { kind: "refused", reason: "other_member" };
  const target = { targetKind: "member", targetId: member.id, memberId: member.id } as const;
  await recordAudit(tx, themself(member.id, ip), { action: "member.connect", ...target, after: { provider }, at: now });
  return signedIn(member);
}

function themself(memberId: string, ip: string | null): Actor {
  return { ...systemActor(ip), kind: "member", memberId: asProven(memberId), role: "MEMBER" };
}
