import { recordAudit } from "@/lib/audit/record";
import { systemActor } from "@/lib/auth/system-actor";
import { type Db, db } from "@/lib/db";
import { announceKeyChange } from "@/lib/keys/announce";

const DAY_MS = 86_400_000;

/** What the owner of a reported secret is told. */
export type LeakedSecret = { keyId: string; keyName: string; email: string; hint: string; isRevoked: boolean };

type FoundSecret = LeakedSecret & { memberId: string; isLive: boolean };

/**
 * Revokes the keys that these digests open, for good and at once. A secret that had ended takes nothing with it, or an old leak would
 * end the key that was rotated because of it; its owner is told once a day.
 */
export async function revokeLeaked(
  digests: readonly Buffer[],
  reporter: { ip: string | null; requestId: string },
  now: Date,
): Promise<LeakedSecret[]> {
  const hashes = digests.map((digest) => new Uint8Array(digest));
  // One query, and for nearly every string that anybody sends it is the only one.
  const found = await db.apiKeySecret.findMany({ where: { hash: { in: hashes } }, select: { id: true } });
  const told: LeakedSecret[] = [];
  for (const { id } of found) {
    const secret = await db.$transaction((tx) => revokeLeakedSecret(tx, id, reporter, now));
    if (secret !== null) told.push(secret);
  }
  return told;
}

async function revokeLeakedSecret(
  tx: Db,
  secretId: string,
  reporter: { ip: string | null; requestId: string },
  now: Date,
): Promise<LeakedSecret | null> {
  const [secret] = await tx.$queryRaw<FoundSecret[]>`
    SELECT k.id::text AS "keyId", k.member_id::text AS "memberId", k.name AS "keyName", u.email, s.hint,
      k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now})
        AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > ${now}) AS "isLive"
    FROM api_key_secrets s JOIN api_keys k ON k.id = s.api_key_id JOIN users u ON u.id = k.member_id
    WHERE s.id = ${secretId}::uuid FOR UPDATE OF k, s`;
  if (!secret) return null;
  const { keyId, memberId, keyName, email, hint, isLive } = secret;
  const target = { targetKind: "key", targetId: keyId, memberId, after: { hint }, at: now } as const;
  const actor = systemActor(reporter.ip, reporter.requestId);
  if (!isLive) {
    const since = new Date(now.getTime() - DAY_MS);
    const action = { in: ["key.report", "key.report_ended"] };
    if ((await tx.auditEvent.count({ where: { targetId: keyId, action, at: { gt: since } } })) > 0) return null;
    await recordAudit(tx, actor, { action: "key.report_ended", ...target });
    return { keyId, keyName, email, hint, isRevoked: false };
  }
  await tx.apiKey.update({ where: { id: keyId }, data: { revokedAt: now }, select: { id: true } });
  await tx.apiKeySecret.updateMany({
    where: { apiKeyId: keyId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    data: { revokedAt: now },
  });
  await recordAudit(tx, actor, { action: "key.report", ...target });
  await announceKeyChange(tx, [keyId]);
  return { keyId, keyName, email, hint, isRevoked: true };
}
