import { isOwnOrigin } from "../auth/own-origin";
import { openSessionId, sessionCookieName } from "../auth/session-cookie";
import { findLiveSession, touchSession } from "../auth/sessions";
import { env } from "../env";
import { AppError } from "../errors";
import { currentDigest } from "../gateway/queries";
import { isUuid } from "../keys/list-cursor";

/** What a browser's request to the playground shows of itself. */
export type Shown = { origin: string | null; host: string | null; cookies: string | null; keyId: string | null };

/**
 * Proves that a browser may call with a key, and settles with the digest of that key's current secret: our own page, a live
 * session, and a key of that session's member. Whether the key opens anything is not asked here: the digest goes the way of
 * every credential. Throws `forbidden`, `session_ended`, `not_found` or `database_unavailable`.
 */
export async function proveHolder({ origin, host, cookies, keyId }: Shown, now: Date): Promise<Buffer> {
  const { PUBLIC_URL: publicUrl, isPublicUrlChosen } = env;
  if (!isOwnOrigin({ origin, host, publicUrl, isPublicUrlChosen })) {
    throw new AppError("forbidden", `The playground answers its own page only. Open ${publicUrl}/playground.`);
  }
  const sessionId = await openSessionId(cookieNamed(sessionCookieName(), cookies));
  const session = sessionId === null ? null : await known(findLiveSession(sessionId, now));
  if (session === null) throw new AppError("session_ended", "Your session has ended. Sign in again.");
  await known(touchSession(session, now));
  // An admin has no more keys here than anybody: what is asked with a key is charged to its member.
  const digest = keyId !== null && isUuid(keyId) ? await currentDigest(keyId, session.user.id) : null;
  if (digest === null) throw new AppError("not_found", "There is no such key of yours. Choose another one.");
  return digest;
}

/** What the database said. That it said nothing is no end of a session. */
async function known<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    const words = "Podpass cannot reach its database right now. Try again shortly.";
    throw new AppError("database_unavailable", words, { retryAfterSeconds: 5, cause });
  });
}

/** The value of one cookie out of the header's list. Sent twice, which of them is ours can't be told, and neither counts. */
function cookieNamed(name: string, cookies: string | null): string | undefined {
  const values = (cookies ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}
