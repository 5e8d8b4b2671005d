import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { type Actor, asProven } from "./member";
import { IDLE_MS, LIFETIME_MS } from "./session-cookie";

/** Neither ended, nor too old, nor unused for too long at `now`. */
function liveSessionAt(now: Date) {
  return { endedAt: null, expiresAt: { gt: now }, lastSeenAt: { gt: new Date(now.getTime() - IDLE_MS) } };
}

/** The session and its member as they are now, or null when it has ended or its member is disabled. */
export function findLiveSession(sessionId: string, now: Date) {
  return db.session.findFirst({
    where: { id: sessionId, ...liveSessionAt(now), user: { disabledAt: null } },
    select: {
      id: true,
      lastSeenAt: true,
      user: { select: { id: true, email: true, name: true, role: true, timeZone: true, theme: true } },
    },
  });
}

const SEEN_EVERY_MS = 60_000;

/** Notes that a session is in use, at most once a minute. */
export async function touchSession(session: { id: string; lastSeenAt: Date; user: { id: string } }, now: Date) {
  const due = new Date(now.getTime() - SEEN_EVERY_MS);
  if (session.lastSeenAt > due) return;
  const seen = await db.session.updateMany({
    where: { id: session.id, endedAt: null, lastSeenAt: { lte: due } },
    data: { lastSeenAt: now },
  });
  if (seen.count > 0) await db.user.updateMany({ where: { id: session.user.id }, data: { lastActiveAt: now } });
}

export type Browser = { ip: string | null; userAgent: string | null };

/** Begins a session of its own for one browser. Whatever cookie the browser had before keeps no meaning. */
export async function beginSession(tx: Db, userId: string, browser: Browser, now: Date): Promise<string> {
  const session = await tx.session.create({
    data: {
      userId,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: new Date(now.getTime() + LIFETIME_MS),
      ip: browser.ip,
      userAgent: browser.userAgent?.slice(0, 400) ?? null,
    },
    select: { id: true },
  });
  await tx.user.updateMany({ where: { id: userId }, data: { lastActiveAt: now } });
  return session.id;
}

/** Signing in: a new session, audited, and the end of the one this browser had. */
export async function replaceSession(
  memberId: string,
  previousId: string | null,
  browser: Browser,
  now: Date,
): Promise<string> {
  return db.$transaction(async (tx) => {
    if (previousId !== null)
      await tx.session.updateMany({ where: { id: previousId, endedAt: null }, data: { endedAt: now } });
    const sessionId = await beginSession(tx, memberId, browser, now);
    const actor: Actor = {
      kind: "member",
      memberId: asProven(memberId),
      role: "MEMBER",
      ip: browser.ip,
      requestId: sessionId,
    };
    await recordAudit(tx, actor, {
      action: "session.begin",
      targetKind: "session",
      targetId: sessionId,
      memberId,
      at: now,
    });
    return sessionId;
  });
}

/** Ends the session of a signed-out browser, or of the one that signs in anew. Nothing happens where it has ended already. */
export async function endSession(sessionId: string, now: Date) {
  await db.session.updateMany({ where: { id: sessionId, endedAt: null }, data: { endedAt: now } });
}

/** Ends all of a member's sessions but one, in the caller's transaction. Returns how many that were. */
export async function endSessionsOf(tx: Db, memberId: string, now: Date, except: string | null = null) {
  const ended = await tx.session.updateMany({
    where: { userId: memberId, endedAt: null, ...(except === null ? {} : { id: { not: except } }) },
    data: { endedAt: now },
  });
  return ended.count;
}

/** Settings: ends one of the actor's own sessions. Throws `not_found` for anybody else's. */
export async function endOwnSession(actor: Actor, { sessionId }: { sessionId: string }, now: Date) {
  await db.$transaction(async (tx) => {
    const ended = await tx.session.updateMany({
      where: { id: sessionId, userId: ownId(actor), endedAt: null },
      data: { endedAt: now },
    });
    if (ended.count === 0) throw new AppError("not_found", "This session has ended already.");
    const target = { targetKind: "session", targetId: sessionId, memberId: actor.memberId } as const;
    await recordAudit(tx, actor, { action: "session.end", ...target, at: now });
  });
}

/** Settings: ends the actor's sessions in every other browser. */
export async function endOtherSessions(actor: Actor & { sessionId: string }, now: Date): Promise<{ ended: number }> {
  return db.$transaction(async (tx) => {
    const ended = await endSessionsOf(tx, ownId(actor), now, actor.sessionId);
    const target = { targetKind: "member", targetId: actor.memberId, memberId: actor.memberId } as const;
    await recordAudit(tx, actor, { action: "session.end_others", ...target, after: { ended }, at: now });
    return { ended };
  });
}

/** What belongs to a person exists for members only: the command line and the system have no sessions, names or passwords. */
export function ownId(actor: Actor): string {
  if (actor.memberId === null) throw new AppError("forbidden", "Only a signed-in member can do this.");
  return actor.memberId;
}
