import { cookies } from "next/headers";
import { decode, encode } from "next-auth/jwt";
import { isSecure, sessionSecret } from "./session-cookie";

/** Why somebody goes to a provider, when not just to sign in: to join by an invite, or to connect it to who they are here. */
export type Intent = { invite: string } | { connect: string };

const MAX_AGE_S = 600;
const SALT = "podpass intent";

const cookieName = () => (isSecure() ? "__Host-podpass-intent" : "podpass-intent");

/** Remembers the intent in this browser for ten minutes: the way through the provider's pages carries nothing of ours. */
export async function keepIntent(intent: Intent): Promise<void> {
  const value = await encode({ token: intent, secret: sessionSecret(), salt: SALT, maxAge: MAX_AGE_S });
  const options = { httpOnly: true, sameSite: "lax", path: "/", secure: isSecure(), maxAge: MAX_AGE_S } as const;
  (await cookies()).set(cookieName(), value, options);
}

/** The intent this browser came with, once: reading it forgets it. */
export async function takeIntent(): Promise<Intent | null> {
  const jar = await cookies();
  const value = jar.get(cookieName())?.value;
  if (!value) return null;
  jar.delete({ name: cookieName(), path: "/", secure: isSecure() });
  try {
    const claims = await decode({ token: value, secret: sessionSecret(), salt: SALT });
    if (typeof claims?.invite === "string") return { invite: claims.invite };
    if (typeof claims?.connect === "string") return { connect: claims.connect };
  } catch {
    // Not ours, or too old: then it is an ordinary sign-in.
  }
  return null;
}
