import type pg from "pg";
import type { MemberId } from "@/lib/auth/member";
import { db } from "@/lib/db";
import { postgres } from "@/lib/postgres";

const DEADLINE_MS = 3_000;

/**
 * The first bytes of the digest of every secret there ever was, in latin1; one more than `most` where there are more. Dead ones
 * are among them: their holders are told why. Rejects with what PostgreSQL says.
 */
export async function digestPrefixes(bytes: number, most: number, pool?: pg.Pool): Promise<string[]> {
  const text = "SELECT substring(hash FOR $1::int) AS prefix FROM api_key_secrets LIMIT $2";
  const query = { name: "podpass_digest_prefixes", text, values: [bytes, most + 1], query_timeout: DEADLINE_MS };
  const { rows } = await (pool ?? postgres()).query<{ prefix: Buffer }>(query);
  return rows.map(({ prefix }) => prefix.toString("latin1"));
}

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
