import { recordAudit } from "@/lib/audit/record";
import { systemActor } from "@/lib/auth/system-actor";
import { type Db, db } from "@/lib/db";
import { Prisma } from "@/lib/generated/prisma/client";
import { networkOf } from "./network";
import type { NetworkUse } from "./network-uses";
import { FEWEST_UNUSUAL, isUnusual, type UsualHours } from "./usual-rates";

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

/** Keys whose history is read in one round; the others' turn comes in the next. */
const MOST_READ = 200;

type BusyKey = { keyId: string; requests: number };
type Told = { keyId: string; memberId: string; keyName: string; email: string };

/**
 * Tells of each key whose last hour is far from its usual, at most once a day. One replica looks; the others have nothing to add.
 * `hours` remembers what is usual between rounds.
 */
export async function noteUnusualRates(now: Date, hours: UsualHours): Promise<KeyAlarm[]> {
  const nowMs = now.getTime();
  return db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(hashtext('podpass/unusual-rates')) AS mine`;
    if (!lock?.mine) return [];
    const busy = await tx.$queryRaw<BusyKey[]>`
      SELECT key_id::text AS "keyId", sum(${REQUESTS})::int AS requests FROM usage_rollups
      WHERE bucket_at > ${new Date(nowMs - HOUR_MS)} GROUP BY key_id HAVING sum(${REQUESTS}) >= ${FEWEST_UNUSUAL}
      ORDER BY 2 DESC`;
    const unknown = busy.filter(({ keyId }) => hours.of(keyId, nowMs) === undefined).slice(0, MOST_READ);
    await readUsual(
      tx,
      unknown.map(({ keyId }) => keyId),
      hours,
      nowMs,
    );
    const alarms: KeyAlarm[] = [];
    for (const { keyId, requests } of busy) {
      const usual = hours.of(keyId, nowMs);
      if (!usual || !isUnusual(requests, usual)) continue;
      const told = await untoldToday(tx, keyId, now);
      if (told === null) continue;
      const figures = { requests, usual: Math.ceil(usual.average) };
      await recordUnusual(tx, "key.unusual_rate", keyId, told.memberId, figures, null, now);
      alarms.push({ kind: "rate", keyId, keyName: told.keyName, email: told.email, ...figures });
    }
    return alarms;
  });
}

const REQUESTS = Prisma.sql`(completed + client_closed + upstream_error + timeout + rejected + lost)`;

async function readUsual(tx: Db, keyIds: readonly string[], hours: UsualHours, nowMs: number) {
  if (keyIds.length === 0) return;
  const rows = await tx.$queryRaw<{ keyId: string; average: number; busiest: number }[]>`
    SELECT key_id::text AS "keyId", avg(requests)::float8 AS average, max(requests)::int AS busiest
    FROM (
      SELECT key_id, date_bin('1 hour', bucket_at, timestamptz 'epoch') AS hour, sum(${REQUESTS}) AS requests
      FROM usage_rollups
      WHERE key_id = ANY (${keyIds}::uuid[]) AND bucket_at > ${new Date(nowMs - USUAL_MS)}
        AND bucket_at <= ${new Date(nowMs - HOUR_MS)}
      GROUP BY 1, 2
    ) AS hours
    GROUP BY key_id HAVING count(DISTINCT date_bin('1 day', hour, timestamptz 'epoch')) >= ${FEWEST_USUAL_DAYS}`;
  const found = new Map(rows.map(({ keyId, ...usual }) => [keyId, usual]));
  for (const keyId of keyIds) hours.remember(keyId, found.get(keyId) ?? null, nowMs);
}

async function untoldToday(tx: Db, keyId: string, now: Date): Promise<Told | null> {
  const since = new Date(now.getTime() - DAY_MS);
  const told = await tx.auditEvent.count({ where: { targetId: keyId, action: "key.unusual_rate", at: { gt: since } } });
  if (told > 0) return null;
  const key = await tx.apiKey.findUnique({
    where: { id: keyId },
    select: { memberId: true, name: true, member: { select: { email: true } } },
  });
  return key && { keyId, memberId: key.memberId, keyName: key.name, email: key.member.email };
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
