import { cookies, headers } from "next/headers";
import { env } from "../env";
import { PEER_HEADER, peerOf } from "./peer";
import { LIFETIME_MS, openSessionId, sealSessionId, sessionCookieName, sessionCookieOptions } from "./session-cookie";
import { endSession } from "./sessions";
import { isAtThisMachine, isSetupCode } from "./setup-guard";

/** Hands a session that was just begun to the browser that asked; the one it had before ends. */
export async function handOver(sessionId: string, now: Date): Promise<void> {
  const jar = await cookies();
  const previous = await openSessionId(jar.get(sessionCookieName())?.value);
  if (previous !== null) await endSession(previous, now);
  const maxAge = LIFETIME_MS / 1000;
  jar.set(sessionCookieName(), await sealSessionId(sessionId), { ...sessionCookieOptions(), maxAge });
}

/** Whether this request may set up a fresh install: from this very machine, or with the code that the log printed. */
export async function maySetUp(code: string | null | undefined): Promise<boolean> {
  if (isSetupCode(code, env.PODPASS_SETUP_CODE)) return true;
  const incoming = await headers();
  const peer = peerOf(incoming.get(PEER_HEADER), env.PODPASS_INTERNAL_TOKEN);
  const { PUBLIC_URL: publicUrl, isPublicUrlChosen } = env;
  return isAtThisMachine({ peer, headers: incoming, publicUrl, isPublicUrlChosen });
}
