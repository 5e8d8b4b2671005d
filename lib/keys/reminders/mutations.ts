import { recordAudit } from "../../audit/record";
import { systemActor } from "../../auth/system-actor";
import { db } from "../../db";
import { Prisma } from "../../generated/prisma/client";
import type { Announced } from "./queries";

const DAY_MS = 86_400_000;
const KEPT_MS = 90 * DAY_MS;
/** A mail server that refused is asked again after these, in turn; the step may be over by then. */
const RETRY_MS = [5, 30, 120, 360].map((minutes) => minutes * 60_000);

type Claimed = { key_id: string; kind: string; due_at: Date; days_before: number };

/**
 * Takes the steps that nobody has taken yet: whoever gets one back is the only one, on any replica, and sends its letter. One
 * that the mail server refused can be taken again once its time has come.
 */
export async function claimReminders(entries: readonly Announced[], now: Date): Promise<Announced[]> {
  const rows = entries.map(
    ({ keyId, deadline, daysBefore }) =>
      Prisma.sql`(${keyId}::uuid, ${deadline.kind}, ${deadline.at}::timestamptz, ${daysBefore}::smallint, ${now}::timestamptz)`,
  );
  const claimed = await db.$queryRaw<Claimed[]>`
    INSERT INTO key_reminders AS r (key_id, kind, due_at, days_before, claimed_at) VALUES ${Prisma.join(rows)}
    ON CONFLICT (key_id, kind, due_at, days_before)
    DO UPDATE SET claimed_at = excluded.claimed_at, retry_at = NULL WHERE r.sent_at IS NULL AND r.retry_at <= ${now}
    RETURNING key_id::text, kind, due_at, days_before`;
  const names = new Set(claimed.map((row) => nameOf(row.key_id, row.kind, row.due_at, row.days_before)));
  return entries.filter(({ keyId, deadline, daysBefore }) =>
    names.has(nameOf(keyId, deadline.kind, deadline.at, daysBefore)),
  );
}

const nameOf = (keyId: string, kind: string, at: Date, days: number) => `${keyId} ${kind} ${at.getTime()} ${days}`;

/** Notes that a letter with these is on its way, and writes it into each key's history. */
export async function noteSent(memberId: string, entries: readonly Announced[], now: Date): Promise<void> {
  const actor = systemActor(null);
  await db.$transaction(async (tx) => {
    for (const entry of entries) {
      await tx.keyReminder.update({ where: { keyId_kind_dueAt_daysBefore: idOf(entry) }, data: { sentAt: now } });
      await recordAudit(tx, actor, {
        action: "key.remind",
        targetKind: "key",
        targetId: entry.keyId,
        memberId,
        after: { kind: entry.deadline.kind, dueAt: entry.deadline.at, daysBefore: entry.daysBefore },
        at: now,
      });
    }
  });
}

/** Notes that the mail server refused; gives up after the last try. */
export async function noteFailed(entries: readonly Announced[], now: Date): Promise<void> {
  for (const entry of entries) {
    const where = { keyId_kind_dueAt_daysBefore: idOf(entry) };
    const { failures } = await db.keyReminder.update({ where, data: { failures: { increment: 1 } } });
    const wait = RETRY_MS[failures - 1];
    if (wait === undefined) continue;
    await db.keyReminder.update({ where, data: { retryAt: new Date(now.getTime() + wait) } });
  }
}

function idOf({ keyId, deadline, daysBefore }: Announced) {
  return { keyId, kind: deadline.kind, dueAt: deadline.at, daysBefore };
}

/** Forgets steps of dates that are long over. */
export async function forgetReminders(now: Date): Promise<void> {
  await db.keyReminder.deleteMany({ where: { dueAt: { lt: new Date(now.getTime() - KEPT_MS) } } });
}
