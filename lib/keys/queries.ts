import { recordAudit } from "../audit/record";
import { type Actor, isAdmin } from "../auth/member";
import { db } from "../db";
import { AppError } from "../errors";
import { Prisma } from "../generated/prisma/client";
import { accountsOf } from "../limits/accounts";
import { getPolicy } from "../policy/queries";
import { effectiveLimits, type Limits } from "./limits";
import { isUuid, type KeySort, readCursor, writeCursor } from "./list-cursor";
import { rotationDueAt, rotationRhythm } from "./rotation";
import { holdsSecret } from "./secret-shape";
import { statusOf } from "./status";

const PAGE = 25;

export const KEY_FILTERS = [
  "live",
  "ended",
  "all",
  "active",
  "expiring",
  "rotating",
  "overdue",
  "disabled",
  "expired",
  "revoked",
] as const;

export type KeyFilter = (typeof KEY_FILTERS)[number];

export type ListKeys = {
  /** Part of a name or of a hint. */
  search?: string | undefined;
  /** Live keys if left out. */
  status?: KeyFilter | undefined;
  /** One member's keys; for admins. */
  memberId?: string | undefined;
  /** Newest first if left out. */
  sort?: KeySort | undefined;
  descending?: boolean | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  /** Rows a page, 25 if left out. */
  take?: number | undefined;
};

/** The keys an actor may see and change. A role this line does not know gets its own keys only. */
export function keysOf(actor: Actor): { memberId?: string } {
  if (isAdmin(actor)) return {};
  // A missing id would be no condition at all and match every key.
  if (actor.memberId === null) throw new AppError("forbidden", "Nobody is signed in.");
  return { memberId: actor.memberId };
}

/** The same in SQL, for a table called `k`. */
export function ownedBy(actor: Actor) {
  const { memberId } = keysOf(actor);
  return memberId === undefined ? Prisma.sql`true` : Prisma.sql`k.member_id = ${memberId}::uuid`;
}

const MEMBER = { id: true, name: true, email: true, disabledAt: true } as const;
const SECRET = {
  id: true,
  hint: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
  lastUsedIp: true,
} as const;

const ROW = {
  id: true,
  name: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  disabledAt: true,
  rotateEveryDays: true,
  member: { select: MEMBER },
  // No others can be live: a rotation ends all but the two newest.
  secrets: { select: SECRET, orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: 2 },
} as const satisfies Prisma.ApiKeySelect;

export type KeyRow = Awaited<ReturnType<typeof listKeys>>["keys"][number];

/** A page of the keys an actor may see, each with its newest secrets (two during a grace period) and its status at `now`. */
export async function listKeys(actor: Actor, filter: ListKeys, now: Date) {
  const { sort = "created", descending = sort === "created" || sort === "lastUsed", take = PAGE } = filter;
  const search = filter.search?.trim() ?? "";
  // A pasted secret finds nothing and goes no further, not even into a query.
  if (holdsSecret(search)) return { keys: [], next: null };

  const value = sortValue(sort);
  const after = filter.cursor === undefined ? null : readCursor(filter.cursor, sort, descending);
  const position = Prisma.sql`(${value}, k.id)`;
  const cursor =
    after &&
    Prisma.sql`(${after.value}::${sort === "name" ? Prisma.sql`text` : Prisma.sql`timestamptz`}, ${after.id}::uuid)`;
  const direction = descending ? Prisma.sql`DESC` : Prisma.sql`ASC`;

  // The last use is looked up for the page's rows alone, unless it is what orders them.
  const used = Prisma.sql`(SELECT max(s.last_used_at) FROM api_key_secrets s WHERE s.api_key_id = k.id)`;
  const places = await db.$queryRaw<{ id: string; value: string; last_used_at: Date | null }[]>`
    SELECT k.id::text, k.value::text, ${used} AS last_used_at
    FROM (
      SELECT k.id, ${value} AS value FROM api_keys k
      WHERE ${ownedBy(actor)} AND ${ofMember(filter.memberId)} AND ${hasStatus(filter.status ?? "live", now)} AND ${matches(search)}
        AND ${cursor === null ? Prisma.sql`true` : descending ? Prisma.sql`${position} < ${cursor}` : Prisma.sql`${position} > ${cursor}`}
      ORDER BY ${value} ${direction}, k.id ${direction}
      LIMIT ${take + 1}
    ) k
    ORDER BY k.value ${direction}, k.id ${direction}`;

  const page = places.slice(0, take);
  const rows = await db.apiKey.findMany({ where: { id: { in: page.map(({ id }) => id) } }, select: ROW });
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const last = page.at(-1);
  return {
    keys: page.flatMap(({ id, last_used_at: lastUsedAt }) => {
      const row = rowOf.get(id);
      return row ? [{ ...row, lastUsedAt, status: statusOf(row, now) }] : [];
    }),
    /** The next page's cursor; null on the last page. */
    next: last && places.length > take ? writeCursor({ sort, descending, value: last.value, id: last.id }) : null,
  };
}

/** How many keys an actor can see, so that a filter can say how many it hides. */
export async function countKeys(actor: Actor, { memberId }: Pick<ListKeys, "memberId">, now: Date) {
  const [row] = await db.$queryRaw<{ live: number; ended: number }[]>`
    SELECT (count(*) FILTER (WHERE ${hasStatus("live", now)}))::int AS live,
           (count(*) FILTER (WHERE ${hasStatus("ended", now)}))::int AS ended
    FROM api_keys k WHERE ${ownedBy(actor)} AND ${ofMember(memberId)}`;
  return row ?? { live: 0, ended: 0 };
}

export type KeyDetail = Awaited<ReturnType<typeof getKey>>;

/** One key with its limits and where each comes from. Somebody else's is as unknown as one that does not exist. */
export async function getKey(actor: Actor, keyId: string, now: Date) {
  const limits = { rpm: true, tpm: true, concurrency: true, monthlyTokens: true, monthlyMicroUsd: true } as const;
  const key = !isUuid(keyId)
    ? null
    : await db.apiKey.findFirst({
        where: { AND: [{ id: keyId }, keysOf(actor)] },
        select: {
          ...ROW,
          ...limits,
          models: true,
          cidrs: true,
          disabledById: true,
          member: { select: { ...MEMBER, ...limits, role: true } },
        },
      });
  if (!key) return refuseKey(actor, keyId, "key.view");

  const policy = await getPolicy();
  const { member } = key;
  const own = limitsOf(key);
  const rhythm = rotationRhythm(key.rotateEveryDays, policy.rotateEveryDays);
  return {
    id: key.id,
    name: key.name,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
    disabledAt: key.disabledAt,
    disabledById: key.disabledById,
    rotateEveryDays: key.rotateEveryDays,
    models: key.models,
    cidrs: key.cidrs,
    member: { id: member.id, name: member.name, email: member.email, role: member.role, disabledAt: member.disabledAt },
    /** Newest first: the current one, and the outgoing one or the one before. */
    secrets: key.secrets,
    status: statusOf(key, now),
    /** How often its secret is to be renewed, by the key's own wish or the policy's, and when that is due next. */
    rotation:
      rhythm === null
        ? null
        : {
            everyDays: rhythm,
            isByPolicy: rhythm !== key.rotateEveryDays,
            dueAt: rotationDueAt({ currentSecretAt: key.secrets[0]?.createdAt ?? null, rotateEveryDays: rhythm }),
          },
    limits: own,
    memberLimits: limitsOf(member),
    /** Whose use its calls are counted in. */
    accounts: accountsOf(
      { keyId: key.id, memberId: member.id, limits: own, memberLimits: limitsOf(member) },
      policy.roleLimits[member.role],
    ),
    effective: effectiveLimits(own, limitsOf(member), policy.roleLimits[member.role]),
  };
}

/** What happened to a key, newest first. Addresses are for admins, and for what a member did themself. */
export async function keyHistory(actor: Actor, keyId: string, take = 50) {
  const key = isUuid(keyId)
    ? await db.apiKey.findFirst({ where: { AND: [{ id: keyId }, keysOf(actor)] }, select: { id: true } })
    : null;
  if (!key) return refuseKey(actor, keyId, "key.view");
  const events = await db.auditEvent.findMany({
    where: { targetKind: "key", targetId: keyId, NOT: { action: "access.denied" } },
    select: { id: true, at: true, action: true, actorKind: true, actorId: true, before: true, after: true, ip: true },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take,
  });
  const actorIds = [...new Set(events.flatMap(({ actorId }) => (actorId === null ? [] : [actorId])))];
  const people = await db.user.findMany({ where: { id: { in: actorIds } }, select: { id: true, name: true } });
  const nameOf = new Map(people.map(({ id, name }) => [id, name]));
  return events.map(({ actorId, ip, ...event }) => ({
    ...event,
    actorName: actorId === null ? null : (nameOf.get(actorId) ?? null),
    ip: isAdmin(actor) || actorId === actor.memberId ? ip : null,
  }));
}

/**
 * Throws `not_found` in the same words whether the key is somebody else's or does not exist. The first is an attempt worth
 * knowing about, so it leaves a row that admins see.
 */
export async function refuseKey(actor: Actor, keyId: string, attempted: string): Promise<never> {
  if (isUuid(keyId) && (await db.apiKey.count({ where: { id: keyId } })) > 0) {
    await recordAudit(db, actor, { action: "access.denied", targetKind: "key", targetId: keyId, after: { attempted } });
  }
  throw new AppError("not_found", "There is no such key.");
}

type StoredLimits = {
  rpm: number | null;
  tpm: number | null;
  concurrency: number | null;
  monthlyTokens: bigint | null;
  monthlyMicroUsd: bigint | null;
};

/** A row's limits as numbers: what the forms take stays below 2^53. */
export function limitsOf({ rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd }: StoredLimits): Limits {
  const number = (value: bigint | null) => (value === null ? null : Number(value));
  return { rpm, tpm, concurrency, monthlyTokens: number(monthlyTokens), monthlyMicroUsd: number(monthlyMicroUsd) };
}

/** What the list is sorted by. Never null, so that a cursor can continue anywhere: never used sorts first, never ending last. */
function sortValue(sort: KeySort) {
  if (sort === "name") return Prisma.sql`lower(k.name)`;
  if (sort === "lastUsed") {
    return Prisma.sql`coalesce((SELECT max(s.last_used_at) FROM api_key_secrets s WHERE s.api_key_id = k.id), '-infinity')`;
  }
  if (sort === "expires") return Prisma.sql`coalesce(k.expires_at, 'infinity'::timestamptz)`;
  return Prisma.sql`k.created_at`;
}

function ofMember(memberId: string | undefined) {
  if (memberId === undefined) return Prisma.sql`true`;
  return isUuid(memberId) ? Prisma.sql`k.member_id = ${memberId}::uuid` : Prisma.sql`false`;
}

/** `statusOf` in SQL. */
function hasStatus(filter: KeyFilter, now: Date) {
  const live = Prisma.sql`(k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ${now}))`;
  const disabled = Prisma.sql`(k.disabled_at IS NOT NULL OR EXISTS
    (SELECT FROM users u WHERE u.id = k.member_id AND u.disabled_at IS NOT NULL))`;
  const rotating = Prisma.sql`EXISTS (SELECT FROM api_key_secrets s
    WHERE s.api_key_id = k.id AND s.revoked_at IS NULL AND s.expires_at > ${now})`;
  const expiring = Prisma.sql`coalesce(k.expires_at - least(interval '336 hours', (k.expires_at - k.created_at) / 4) <= ${now}, false)`;
  switch (filter) {
    case "all":
      return Prisma.sql`true`;
    case "live":
      return live;
    case "ended":
      return Prisma.sql`NOT ${live}`;
    case "revoked":
      return Prisma.sql`k.revoked_at IS NOT NULL`;
    case "expired":
      return Prisma.sql`(k.revoked_at IS NULL AND k.expires_at <= ${now})`;
    case "disabled":
      return Prisma.sql`(${live} AND ${disabled})`;
    case "rotating":
      return Prisma.sql`(${live} AND NOT ${disabled} AND ${rotating})`;
    case "overdue":
      return Prisma.sql`(${live} AND NOT ${disabled} AND EXISTS (SELECT FROM api_key_secrets s, policies p
        WHERE s.api_key_id = k.id AND s.expires_at IS NULL AND s.revoked_at IS NULL
          AND s.created_at + least(k.rotate_every_days, p.rotate_every_days) * interval '24 hours' <= ${now}))`;
    case "expiring":
      return Prisma.sql`(${live} AND NOT ${disabled} AND NOT ${rotating} AND ${expiring})`;
    case "active":
      return Prisma.sql`(${live} AND NOT ${disabled} AND NOT ${rotating} AND NOT ${expiring})`;
  }
}

/** Part of the name or of a hint, in any case. `…` in a hint may be typed as three dots. */
function matches(search: string) {
  if (search === "") return Prisma.sql`true`;
  const pattern = `%${search
    .replaceAll("...", "…")
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("\0", "")}%`;
  return Prisma.sql`(k.name ILIKE ${pattern} OR EXISTS
    (SELECT FROM api_key_secrets s WHERE s.api_key_id = k.id AND s.hint ILIKE ${pattern}))`;
}
