import { db } from "../db";
import { env } from "../env";
import { usageSumsBy } from "../usage/queries";
import { openInviteAt } from "./invites";
import { type Actor, isAdmin } from "./member";
import { IDLE_MS } from "./session-cookie";
import { ownId } from "./sessions";

const USAGE_DAYS_MS = 30 * 86_400_000;

export type MemberRow = Awaited<ReturnType<typeof listMembers>>[number];

/** The team page: everybody, by name, with their live keys and the tokens of 30 days. Members see themselves only. */
export async function listMembers(actor: Actor, now: Date) {
  const select = {
    id: true,
    email: true,
    name: true,
    role: true,
    createdAt: true,
    disabledAt: true,
    lastActiveAt: true,
    rpm: true,
    tpm: true,
    concurrency: true,
    monthlyTokens: true,
    monthlyMicroUsd: true,
    _count: { select: { keys: { where: liveKeyAt(now) } } },
  } as const;
  const [members, used] = await Promise.all([
    db.user.findMany({ where: visibleMembers(actor), select, orderBy: [{ name: "asc" }, { id: "asc" }] }),
    tokensOf(actor, now),
  ]);
  return members.map(({ _count, monthlyTokens, monthlyMicroUsd, ...member }) => ({
    ...member,
    monthlyTokens: numberOrNull(monthlyTokens),
    monthlyMicroUsd: numberOrNull(monthlyMicroUsd),
    liveKeys: _count.keys,
    tokens30d: used.get(member.id) ?? 0,
  }));
}

/** The tokens of each member in 30 days; of whoever used none there is nothing. */
async function tokensOf(actor: Actor, now: Date): Promise<Map<string, number>> {
  const range = { from: new Date(now.getTime() - USAGE_DAYS_MS), to: now };
  const sums = await usageSumsBy(actor, range, "member", ["promptTokens", "completionTokens"]);
  return new Map(sums.map(({ id, measures }) => [id, measures.promptTokens + measures.completionTokens]));
}

/** Everybody an actor may see, by name, with limits of their own: for menus in which a member is chosen. */
export async function memberChoices(actor: Actor) {
  const limits = { rpm: true, tpm: true, concurrency: true, monthlyTokens: true, monthlyMicroUsd: true } as const;
  const members = await db.user.findMany({
    where: visibleMembers(actor),
    select: { id: true, name: true, role: true, disabledAt: true, ...limits },
    orderBy: [{ name: "asc" }, { id: "asc" }],
  });
  return members.map(({ id, name, role, disabledAt, rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd }) => ({
    id,
    name,
    role,
    disabledAt,
    limits: {
      rpm,
      tpm,
      concurrency,
      monthlyTokens: numberOrNull(monthlyTokens),
      monthlyMicroUsd: numberOrNull(monthlyMicroUsd),
    },
  }));
}

/** Everybody whom an actor may choose from in a filter, by name: all for admins, a member only themself. */
export async function memberNames(actor: Actor): Promise<{ id: string; name: string; email: string }[]> {
  const select = { id: true, name: true, email: true } as const;
  return db.user.findMany({ where: visibleMembers(actor), select, orderBy: [{ name: "asc" }, { id: "asc" }] });
}

const numberOrNull = (amount: bigint | number | null) => (amount === null ? null : Number(amount));

function visibleMembers(actor: Actor) {
  return isAdmin(actor) ? {} : { id: ownId(actor) };
}

function liveKeyAt(now: Date) {
  return { revokedAt: null, disabledAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
}

/** What disabling a member would stop: for the dialog that asks first. */
export async function memberFootprint(
  actor: Actor,
  memberId: string,
  now: Date,
): Promise<{ sessions: number; keys: number }> {
  const member = { AND: [{ id: memberId }, visibleMembers(actor)] };
  const seen = { gt: new Date(now.getTime() - IDLE_MS) };
  const [sessions, keys] = await Promise.all([
    db.session.count({ where: { user: member, endedAt: null, expiresAt: { gt: now }, lastSeenAt: seen } }),
    db.apiKey.count({ where: { AND: [{ member }, liveKeyAt(now)] } }),
  ]);
  return { sessions, keys };
}

/** The operator's way to name somebody: by address, in whatever case it was typed. */
export async function findMemberByEmail(email: string) {
  const select = { id: true, email: true, name: true, role: true, disabledAt: true } as const;
  return db.user.findUnique({ where: { email: email.normalize("NFC").trim().toLowerCase() }, select });
}

/** Whom to ask: the names of those who can change things, owners first. */
export async function adminNames(): Promise<string[]> {
  const where = { role: { in: ["OWNER" as const, "ADMIN" as const] }, disabledAt: null };
  const admins = await db.user.findMany({
    where,
    select: { name: true },
    orderBy: [{ role: "asc" }, { name: "asc" }],
    take: 5,
  });
  return admins.map(({ name }) => name);
}

export type InviteRow = Awaited<ReturnType<typeof listInvites>>[number];

/** The team page: invites nobody has used yet, newest first. Nobody but admins sees any. */
export async function listInvites(actor: Actor, now: Date) {
  if (!isAdmin(actor)) return [];
  const select = {
    id: true,
    email: true,
    role: true,
    createdAt: true,
    expiresAt: true,
    invitedBy: { select: { name: true } },
  } as const;
  const invites = await db.invite.findMany({
    where: openInviteAt(now),
    select,
    orderBy: { createdAt: "desc" },
    take: 200,
  });
  return invites.map(({ invitedBy, ...invite }) => ({ ...invite, invitedBy: invitedBy.name }));
}

export type SessionRow = Awaited<ReturnType<typeof listSessions>>[number];

/** Settings: where the actor is signed in, last seen first, with the browser that asks marked. */
export async function listSessions(actor: Actor & { sessionId: string }, now: Date) {
  const seen = { gt: new Date(now.getTime() - IDLE_MS) };
  const sessions = await db.session.findMany({
    where: { userId: ownId(actor), endedAt: null, expiresAt: { gt: now }, lastSeenAt: seen },
    select: { id: true, createdAt: true, lastSeenAt: true, expiresAt: true, ip: true, userAgent: true },
    orderBy: { lastSeenAt: "desc" },
    take: 100,
  });
  return sessions.map((session) => ({ ...session, isCurrent: session.id === actor.sessionId }));
}

/** Settings: how the actor can sign in. */
export async function signInMethods(actor: Actor) {
  const select = { passwordHash: true, accounts: { select: { id: true, provider: true, createdAt: true } } } as const;
  const { passwordHash, accounts } = await db.user.findUniqueOrThrow({ where: { id: ownId(actor) }, select });
  return { hasPassword: passwordHash !== null, accounts };
}

/** The providers that are configured: each has its button. */
export function configuredProviders(): { id: "github" | "google" | "oidc"; name: string }[] {
  return [
    ...(env.AUTH_GITHUB_ID ? [{ id: "github" as const, name: "GitHub" }] : []),
    ...(env.AUTH_GOOGLE_ID ? [{ id: "google" as const, name: "Google" }] : []),
    ...(env.AUTH_OIDC_ISSUER ? [{ id: "oidc" as const, name: new URL(env.AUTH_OIDC_ISSUER).hostname }] : []),
  ];
}
