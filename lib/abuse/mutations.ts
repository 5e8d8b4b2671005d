import { recordAudit } from "@/lib/audit/record";
import { systemActor } from "@/lib/auth/system-actor";
import { type Db, db } from "@/lib/db";
import { announceKeyChange } from "@/lib/keys/announce";
import { networkOf } from "./network";
import type { NetworkUse } from "./network-uses";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Rows in an hour about sources that try keys: an attack from everywhere at once is told by the first of them. */
const MOST_FLOOD_ROWS = 20;
/** A key has a usual place once it has been in use for so long. */
const SETTLED_MS = DAY_MS;
/** A key that was used from more networks than this in a month travels: another one says nothing. */
const MOST_USUAL_NETWORKS = 10;
const TRAVEL_MS = 30 * DAY_MS;
/** Networks kept of one key. */
const MOST_NETWORKS = 500;
/** A network that a key was not used from for so long is new again. */
const FORGET_NETWORK_MS = 180 * DAY_MS;
/** Fewer requests in an hour than this are never unusual. */
const FEWEST_UNUSUAL = 100;
/** A key's usual hour: of those in which it was used within this time … */
const USUAL_MS = 14 * DAY_MS;
/** … and on at least so many days. */
const FEWEST_USUAL_DAYS = 3;

/** What a key's owner is told. */
export type KeyAlarm = { keyId: string; keyName: string; email: string } & (
  | { kind: "network"; networks: string[] }
  | { kind: "rate"; requests: number; usual: number }
);

/** Tells admins that a source sends keys that open nothing: one row a source and hour, whoever of all replicas sees it first. */
export async function recordFlood(source: string, failures: number, now: Date): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('podpass/floods'))::text`;
    const since = new Date(now.getTime() - HOUR_MS);
    const rows = await tx.auditEvent.findMany({
      where: { action: "credential.flood", at: { gt: since } },
      select: { ip: true },
      take: MOST_FLOOD_ROWS,
    });
    if (rows.length === MOST_FLOOD_ROWS || rows.some(({ ip }) => ip === source)) return;
    const target = { targetKind: "network", targetId: null } as const;
    const after = { source, failures };
    await recordAudit(tx, systemActor(source), { action: "credential.flood", ...target, after, at: now });
  });
}

type NewNetwork = { keyId: string; memberId: string; keyName: string; email: string; network: string; address: string };

/**
 * Writes down from where keys were used, and tells of each key with a usual place that was used from a new one: at most once a
 * day a key. A network is new to one replica only, because its row is.
 */
export async function noteNetworks(uses: readonly NetworkUse[], now: Date): Promise<KeyAlarm[]> {
  const known = uses.flatMap(({ keyId, address }) => {
    const network = networkOf(address);
    return network === null ? [] : [{ keyId, address, network }];
  });
  if (known.length === 0) return [];
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return db.$transaction(async (tx) => {
    const found = await tx.$queryRaw<NewNetwork[]>`
      WITH used AS (
        SELECT DISTINCT ON (key_id, network) key_id, network, address
        FROM unnest(${known.map(({ keyId }) => keyId)}::uuid[], ${known.map(({ network }) => network)}::text[],
          ${known.map(({ address }) => address)}::text[]) AS t (key_id, network, address)
        ORDER BY key_id, network
      ), before AS (
        SELECT key_id, min(first_seen_at) AS since, count(*) AS networks,
          count(*) FILTER (WHERE last_seen_at > ${ago(TRAVEL_MS)}) AS lately
        FROM key_networks WHERE key_id IN (SELECT key_id FROM used) GROUP BY key_id
      ), noted AS (
        INSERT INTO key_networks AS known (key_id, network, first_seen_at, last_seen_at)
        SELECT key_id, network, ${now}, ${now} FROM used LEFT JOIN before USING (key_id)
        WHERE coalesce(networks, 0) < ${MOST_NETWORKS} ORDER BY key_id, network
        ON CONFLICT (key_id, network) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
        RETURNING key_id, network, xmax = 0 AS is_new
      )
      SELECT noted.key_id::text AS "keyId", k.member_id::text AS "memberId", k.name AS "keyName", u.email, network, address
      FROM noted JOIN used USING (key_id, network) JOIN before USING (key_id)
        JOIN api_keys k ON k.id = noted.key_id JOIN users u ON u.id = k.member_id
      WHERE is_new AND since <= ${ago(SETTLED_MS)} AND lately <= ${MOST_USUAL_NETWORKS}
        AND NOT EXISTS (SELECT FROM audit_events
          WHERE target_id = noted.key_id AND action = 'key.new_network' AND at > ${ago(DAY_MS)})
      ORDER BY noted.key_id, network`;
    const alarms = new Map<string, Extract<KeyAlarm, { kind: "network" }>>();
    for (const { keyId, keyName, email, network } of found) {
      const alarm = alarms.get(keyId);
      if (alarm) alarm.networks.push(network);
      else alarms.set(keyId, { kind: "network", keyId, keyName, email, networks: [network] });
    }
    for (const { keyId, networks } of alarms.values()) {
      const first = found.find((row) => row.keyId === keyId);
      await recordUnusual(tx, "key.new_network", keyId, first?.memberId, { networks }, first?.address, now);
    }
    return [...alarms.values()];
  });
}

type BusyKey = { keyId: string; memberId: string; keyName: string; email: string; requests: number; usual: number };

/**
 * Tells of each key with ten times its usual requests in the last hour: more than ten of its average busy hours and two of its busiest,
 * at most once a day. One replica looks; the others have nothing to add.
 */
export async function noteUnusualRates(now: Date): Promise<KeyAlarm[]> {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtext('podpass/unusual-rates')) AS mine`;
    if (!lock?.mine) return [];
    const found = await tx.$queryRaw<BusyKey[]>`
      WITH counted AS (
        SELECT key_id, bucket_at, completed + client_closed + upstream_error + timeout + rejected + lost AS requests
        FROM usage_rollups
      ), busy AS (
        SELECT key_id, sum(requests) AS requests FROM counted
        WHERE bucket_at > ${ago(HOUR_MS)} GROUP BY key_id HAVING sum(requests) >= ${FEWEST_UNUSUAL}
      ), hours AS (
        SELECT key_id, date_bin('1 hour', bucket_at, timestamptz 'epoch') AS hour, sum(requests) AS requests
        FROM counted
        WHERE key_id IN (SELECT key_id FROM busy) AND bucket_at > ${ago(USUAL_MS)} AND bucket_at <= ${ago(HOUR_MS)}
        GROUP BY 1, 2
      ), usual AS (
        SELECT key_id, avg(requests) AS requests, max(requests) AS most
        FROM hours GROUP BY key_id HAVING count(DISTINCT date_bin('1 day', hour, timestamptz 'epoch')) >= ${FEWEST_USUAL_DAYS}
      )
      SELECT k.id::text AS "keyId", k.member_id::text AS "memberId", k.name AS "keyName", u.email,
        busy.requests::int AS requests, ceil(usual.requests)::int AS usual
      FROM busy JOIN usual USING (key_id) JOIN api_keys k ON k.id = busy.key_id JOIN users u ON u.id = k.member_id
      WHERE busy.requests >= 10 * usual.requests AND busy.requests > 2 * most
        AND NOT EXISTS (SELECT FROM audit_events
          WHERE target_id = busy.key_id AND action = 'key.unusual_rate' AND at > ${ago(DAY_MS)})`;
    for (const { keyId, memberId, requests, usual } of found) {
      await recordUnusual(tx, "key.unusual_rate", keyId, memberId, { requests, usual }, null, now);
    }
    return found.map(({ memberId: _, ...alarm }) => ({ kind: "rate", ...alarm }));
  });
}

/** Forgets networks that nothing was heard from for half a year. */
export async function forgetNetworks(now: Date): Promise<void> {
  await db.keyNetwork.deleteMany({ where: { lastSeenAt: { lt: new Date(now.getTime() - FORGET_NETWORK_MS) } } });
}

type UnusualAction = "key.new_network" | "key.unusual_rate";

async function recordUnusual(
  tx: Db,
  action: UnusualAction,
  keyId: string,
  memberId: string | null | undefined,
  after: Record<string, unknown>,
  address: string | null | undefined,
  now: Date,
) {
  const target = { targetKind: "key", targetId: keyId, memberId: memberId ?? null } as const;
  await recordAudit(tx, systemActor(address ?? null), { action, ...target, after, at: now });
}

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
    const secret = await db.$transaction((tx) => revokeLeakedSecret(tx, id, reporter, now), { timeout: 10_000 });
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
