import type { MemberId } from "../auth/member";
import { db } from "../db";

const MOST_KEYS = 100;

export type CallableKey = Awaited<ReturnType<typeof callableKeys>>[number];

/** A member's own keys that can call at `now`, newest first; an admin's too are only their own. */
export async function callableKeys(memberId: MemberId, now: Date) {
  const keys = await db.apiKey.findMany({
    where: {
      memberId,
      revokedAt: null,
      disabledAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
    },
    select: {
      id: true,
      name: true,
      models: true,
      secrets: { select: { hint: true }, orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: 1 },
    },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: MOST_KEYS,
  });
  return keys.map(({ secrets, ...key }) => ({ ...key, hint: secrets[0]?.hint ?? "" }));
}
