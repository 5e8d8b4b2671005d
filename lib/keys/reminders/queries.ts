import type { Actor } from "../../auth/member";
import { db } from "../../db";
import { Prisma } from "../../generated/prisma/client";
import { type Deadline, deadlinesOf, isOverdue, REMINDER_DAYS, type ReminderDays, stepAt } from "./plan";

const DAY_MS = 86_400_000;

type Row = {
  id: string;
  name: string;
  createdAt: Date;
  expiresAt: Date | null;
  currentSecretAt: Date | null;
  rotateEveryDays: number | null;
  policyRotateEveryDays: number | null;
  memberId: string;
  email: string;
};

/** A key's date, and how far ahead of it its member stands. */
export type Announced = { keyId: string; keyName: string; deadline: Deadline; daysBefore: ReminderDays };

/** What one member is to be told. */
export type Announcement = { memberId: string; email: string; entries: Announced[] };

/** By member: which dates of keys in use stand at one of their steps at `now`. */
export async function announcementsAt(now: Date): Promise<Announcement[]> {
  const rows = await keysWithDates(Prisma.sql`true`, now, now);
  const byMember = new Map<string, Announcement>();
  for (const row of rows) {
    for (const deadline of deadlinesOf(row)) {
      const daysBefore = stepAt(deadline, now);
      if (daysBefore === null) continue;
      const announcement = byMember.get(row.memberId) ?? { memberId: row.memberId, email: row.email, entries: [] };
      announcement.entries.push({ keyId: row.id, keyName: row.name, deadline, daysBefore });
      byMember.set(row.memberId, announcement);
    }
  }
  return [...byMember.values()];
}

export type KeyNotice = { keyId: string; keyName: string; kind: Deadline["kind"]; at: Date; isOverdue: boolean };

/** What a member's keys page says of their own keys at `now`, soonest first: dates that are near, rotations that are overdue. */
export async function keyNotices(actor: Actor, now: Date): Promise<KeyNotice[]> {
  if (actor.memberId === null) return [];
  const rows = await keysWithDates(Prisma.sql`k.member_id = ${actor.memberId}::uuid`, null, now);
  return rows
    .flatMap((row) =>
      deadlinesOf(row)
        .filter((deadline) => stepAt(deadline, now) !== null || isOverdue(deadline, now))
        .map((deadline) => ({
          keyId: row.id,
          keyName: row.name,
          kind: deadline.kind,
          at: deadline.at,
          isOverdue: isOverdue(deadline, now),
        })),
    )
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** Keys in use with a date before the first step is over, but not before `from`; null: however long ago a rotation was due. */
function keysWithDates(where: Prisma.Sql, from: Date | null, now: Date) {
  const horizon = new Date(now.getTime() + REMINDER_DAYS[0] * DAY_MS);
  const dueAt = Prisma.sql`s.created_at + least(k.rotate_every_days, p.rotate_every_days) * interval '24 hours'`;
  const earliest = from === null ? Prisma.sql`true` : Prisma.sql`${dueAt} > ${from}`;
  return db.$queryRaw<Row[]>`
    SELECT k.id::text, k.name, k.created_at AS "createdAt", k.expires_at AS "expiresAt", s.created_at AS "currentSecretAt",
      k.rotate_every_days AS "rotateEveryDays", p.rotate_every_days AS "policyRotateEveryDays",
      u.id::text AS "memberId", u.email
    FROM api_keys k
    JOIN users u ON u.id = k.member_id AND u.disabled_at IS NULL
    CROSS JOIN policies p
    LEFT JOIN LATERAL (
      SELECT created_at FROM api_key_secrets
      WHERE api_key_id = k.id AND expires_at IS NULL AND revoked_at IS NULL
      ORDER BY created_at DESC LIMIT 1
    ) s ON true
    WHERE ${where} AND k.revoked_at IS NULL AND k.disabled_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > ${now})
      AND (k.expires_at <= ${horizon} OR (${dueAt} <= ${horizon} AND ${earliest}))
    ORDER BY k.member_id, k.created_at, k.id`;
}
