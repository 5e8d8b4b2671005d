import { randomUUID } from "node:crypto";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { clientAddress } from "../client-address";
import { env } from "../env";
import { AppError } from "../errors";
import { type Actor, asProven, isAdmin, type MemberId } from "./member";
import { PEER_HEADER, peerOf } from "./peer";
import { openSessionId, sessionCookieName } from "./session-cookie";
import { findLiveSession, touchSession } from "./sessions";

/** A signed-in member: an actor, and what their pages need to know of them. */
export type SignedIn = Actor & {
  memberId: MemberId;
  email: string;
  name: string;
  /** IANA; null means the browser's. */
  timeZone: string | null;
  theme: string | null;
  sessionId: string;
};

/** The request header in which `proxy.ts` names the page's path and query. */
export const PATH_HEADER = "x-podpass-path";

/** Where this request comes from, as far as it can be believed. */
export async function requestOrigin() {
  const incoming = await headers();
  const peer = peerOf(incoming.get(PEER_HEADER), env.PODPASS_INTERNAL_TOKEN);
  const forwardedFor = incoming.get("x-forwarded-for");
  return {
    ip: clientAddress({ peer, forwardedFor, trusted: env.TRUSTED_PROXIES }),
    userAgent: incoming.get("user-agent"),
    // Our own server numbers requests; from anybody else the header means nothing.
    requestId: (peer === null ? null : incoming.get("x-podpass-request-id")) ?? randomUUID(),
  };
}

/**
 * Who is signed in, or null. The row is read on every request: a session ended elsewhere, a disabled member and a changed
 * role count at once. While the database is away this throws; it is never a sign-out.
 */
export const optionalMember = cache(async (): Promise<SignedIn | null> => {
  const sessionId = await openSessionId((await cookies()).get(sessionCookieName())?.value);
  if (sessionId === null) return null;
  const now = new Date();
  const session = await findLiveSession(sessionId, now);
  if (session === null) return null;
  await touchSession(session, now);
  const { id, ...member } = session.user;
  const { ip, requestId } = await requestOrigin();
  return { kind: "member", memberId: asProven(id), sessionId, ip, requestId, ...member };
});

const ENDED = "Your session has ended. Sign in again.";

/** The signed-in member. In a page everybody else goes to sign-in and back again; in an action `session_ended` is thrown. */
export async function requireMember(): Promise<SignedIn> {
  const member = await optionalMember();
  if (member) return member;
  const incoming = await headers();
  if (incoming.has("next-action")) throw new AppError("session_ended", ENDED);
  const path = incoming.get(PATH_HEADER);
  redirect(path ? `/sign-in?callbackUrl=${encodeURIComponent(path)}` : "/sign-in");
}

/** The signed-in owner or admin; `forbidden` is thrown for a member. */
export async function requireAdmin(): Promise<SignedIn> {
  const member = await requireMember();
  if (!isAdmin(member)) throw new AppError("forbidden", "Only owners and admins can do this.");
  return member;
}
