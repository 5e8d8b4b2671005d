import { decode, encode } from "next-auth/jwt";
import { env } from "../env";
import { deriveKey } from "../secrets";

/** A browser stays signed in this long without a visit. */
export const IDLE_MS = 7 * 24 * 3_600_000;

/** And this long in any case. */
export const LIFETIME_MS = 30 * 24 * 3_600_000;

export const isSecure = () => env.PUBLIC_URL.startsWith("https://");

/** Cookies ignore ports: without the port in its name, a second instance on this machine would sign out the first. */
export function sessionCookieName() {
  if (isSecure()) return "__Host-podpass-session";
  return `podpass-session-${new URL(env.PUBLIC_URL).port || "80"}`;
}

export const sessionCookieOptions = () => ({ httpOnly: true, sameSite: "lax", path: "/", secure: isSecure() }) as const;

export const sessionSecret = () => deriveKey(env.PODPASS_SECRET, "session").toString("base64url");

/** The cookie's value: the session's id, encrypted and bound to a time. It says nothing else, so nothing in it can be stale. */
export function sealSessionId(sessionId: string): Promise<string> {
  return encode({ token: { sid: sessionId }, secret: sessionSecret(), maxAge: LIFETIME_MS / 1000 });
}

/** The session's id inside a cookie, or null for anything that we did not make or that has run out. */
export async function openSessionId(value: string | undefined): Promise<string | null> {
  if (!value) return null;
  try {
    return sessionIdIn(await decode({ token: value, secret: sessionSecret() }));
  } catch {
    return null;
  }
}

/** The session's id among a token's claims. */
export function sessionIdIn(claims: Record<string, unknown> | null): string | null {
  const sid = claims?.sid;
  return typeof sid === "string" && /^[0-9a-f-]{36}$/.test(sid) ? sid : null;
}
