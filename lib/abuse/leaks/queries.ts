import type { MemberId } from "@/lib/auth/member";
import { db } from "@/lib/db";

const NOTICE_MS = 7 * 86_400_000;

export type LeakNotice = { keyId: string; keyName: string; at: Date };

/** A member's own keys that were revoked within a week because somebody reported their secret, newest first. */
export async function leakNotices({ memberId }: { memberId: MemberId }, now: Date): Promise<LeakNotice[]> {
  const since = new Date(now.getTime() - NOTICE_MS);
  const rows = await db.auditEvent.findMany({
    where: { memberId, action: "key.report", at: { gt: since } },
    select: { targetId: true, at: true },
    orderBy: { at: "desc" },
    take: 3,
  });
  const keyIds = rows.flatMap(({ targetId }) => (targetId === null ? [] : [targetId]));
  if (keyIds.length === 0) return [];
  const keys = await db.apiKey.findMany({ where: { id: { in: keyIds }, memberId }, select: { id: true, name: true } });
  const nameOf = new Map(keys.map(({ id, name }) => [id, name]));
  return rows.flatMap(({ targetId: keyId, at }) => {
    const keyName = keyId === null ? undefined : nameOf.get(keyId);
    return keyId === null || keyName === undefined ? [] : [{ keyId, keyName, at }];
  });
}
