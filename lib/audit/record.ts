import type pg from "pg";
import type { Actor } from "../auth/member";
import type { Db } from "../db";
import { newRequestId } from "../usage/request-id";

export type TargetKind = "key" | "pod" | "member" | "invite" | "session" | "policy" | "usage" | "network";

/** Facts before or after a change. Never a secret, a password or a hash. */
export type AuditFacts = Readonly<Record<string, unknown>>;

export type AuditEntry = {
  /** Noun and verb, such as `key.rotate`. */
  action: string;
  targetKind: TargetKind;
  targetId: string | null;
  /** The member whom it concerns and who sees it in their own activity. */
  memberId?: string | null;
  before?: AuditFacts | null;
  after?: AuditFacts | null;
  /** When it happened; now if left out. */
  at?: Date;
};

/** Writes who did what in the caller's transaction, so that neither the change nor its row exists without the other. */
export async function recordAudit(tx: Db, actor: Actor, entry: AuditEntry): Promise<void> {
  await tx.auditEvent.create({
    data: {
      actorKind: actor.kind,
      actorId: actor.memberId,
      action: entry.action,
      targetKind: entry.targetKind,
      targetId: entry.targetId,
      memberId: entry.memberId ?? null,
      ...(entry.before ? { before: plain(entry.before) } : {}),
      ...(entry.after ? { after: plain(entry.after) } : {}),
      ip: actor.ip,
      requestId: actor.requestId,
      ...(entry.at ? { at: entry.at } : {}),
    },
    select: { id: true },
  });
}

/** The same for what Podpass does by itself, on the connection whose transaction it belongs to. */
export async function recordSystemAudit(
  database: Pick<pg.ClientBase, "query">,
  { action, targetKind, targetId, before, after }: Omit<AuditEntry, "memberId" | "at">,
) {
  await database.query(
    `INSERT INTO audit_events (id, actor_kind, action, target_kind, target_id, before, after)
     VALUES ($1, 'system', $2, $3, $4, $5, $6)`,
    [newRequestId(Date.now()), action, targetKind, targetId, before && plain(before), after && plain(after)],
  );
}

/** As JSON: times in ISO 8601, big integers as numbers, or as text where a number would lose digits. */
function plain(facts: AuditFacts) {
  const text = JSON.stringify(facts, (_, value) => {
    if (typeof value !== "bigint") return value;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  });
  return JSON.parse(text) as Record<string, string>;
}
