import { type Actor, isAdmin } from "../auth/member";
import { db } from "../db";
import { AppError } from "../errors";
import type { Prisma } from "../generated/prisma/client";
import { isUuid } from "../keys/list-cursor";

const PAGE = 50;
const EXPORT_PAGE = 1_000;

export type ActivityFilter = {
  /** What this member did, and what concerns them. */
  memberId?: string | undefined;
  /** `key.rotate`, or `key` for everything done to keys. */
  action?: string | undefined;
  /** What was done to one key, pod or member. */
  targetId?: string | undefined;
  from?: Date | undefined;
  /** The moment after the last. */
  to?: Date | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
};

export type Activity = Awaited<ReturnType<typeof listActivity>>["events"][number];

/** Who did what to what, newest first. Members see what they did and what concerns them, admins everything. */
export async function listActivity(actor: Actor, filter: ActivityFilter, take = PAGE) {
  const rows = await db.auditEvent.findMany({
    where: { AND: [visibleTo(actor), chosen(filter), after(filter.cursor)] },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: take + 1,
  });
  const page = rows.slice(0, take);
  const last = page.at(-1);
  return {
    events: await named(actor, page),
    /** The next page's cursor; null on the last page. */
    next: last && rows.length > take ? `${last.at.getTime()}.${last.id}` : null,
  };
}

/** The same as rows for CSV, some at a time. */
export async function* exportActivity(actor: Actor, filter: Omit<ActivityFilter, "cursor">) {
  let cursor: string | undefined;
  do {
    const page = await listActivity(actor, { ...filter, cursor }, EXPORT_PAGE);
    for (const { actorName, targetName, before, after, ...event } of page.events) {
      yield {
        at: event.at,
        actor: actorName,
        action: event.action,
        target: event.targetKind,
        targetId: event.targetId,
        targetName,
        before: before === null ? null : JSON.stringify(before),
        after: after === null ? null : JSON.stringify(after),
        ip: event.ip,
        requestId: event.requestId,
      };
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** The columns of that export, in order. */
export const ACTIVITY_COLUMNS = [
  "at",
  "actor",
  "action",
  "target",
  "targetId",
  "targetName",
  "before",
  "after",
  "ip",
  "requestId",
] as const;

/** Every action that was ever recorded and that the actor may see, for a filter's choices. */
export async function activityActions(actor: Actor): Promise<string[]> {
  const rows = await db.auditEvent.findMany({
    where: visibleTo(actor),
    distinct: ["action"],
    select: { action: true },
    orderBy: { action: "asc" },
  });
  return rows.map(({ action }) => action);
}

function visibleTo(actor: Actor): Prisma.AuditEventWhereInput {
  if (isAdmin(actor)) return {};
  if (actor.memberId === null) throw new AppError("forbidden", "Nobody is signed in.");
  return { OR: [{ memberId: actor.memberId }, { actorId: actor.memberId }] };
}

function chosen({ memberId, action, targetId, from, to }: ActivityFilter): Prisma.AuditEventWhereInput {
  const conditions: Prisma.AuditEventWhereInput[] = [];
  if (memberId !== undefined)
    conditions.push(isUuid(memberId) ? { OR: [{ memberId }, { actorId: memberId }] } : NOTHING);
  if (targetId !== undefined) conditions.push(isUuid(targetId) ? { targetId } : NOTHING);
  if (action !== undefined)
    conditions.push(action.includes(".") ? { action } : { action: { startsWith: `${action}.` } });
  if (from !== undefined) conditions.push({ at: { gte: from } });
  if (to !== undefined) conditions.push({ at: { lt: to } });
  return { AND: conditions };
}

/** Never true. An empty `OR` inside an `AND` would be dropped, and everything found. */
const NOTHING: Prisma.AuditEventWhereInput = { id: { in: [] } };

function after(cursor: string | undefined): Prisma.AuditEventWhereInput {
  if (cursor === undefined) return {};
  const [ms = "", id = ""] = cursor.split(".");
  const at = new Date(Number(ms));
  if (!/^\d{1,15}$/.test(ms) || Number.isNaN(at.getTime()) || !isUuid(id)) {
    throw new AppError("invalid_request", "This page of the list no longer exists. Start from its first page.");
  }
  return { OR: [{ at: { lt: at } }, { at, id: { lt: id } }] };
}

type Row = Prisma.AuditEventGetPayload<object>;

/** With names as they are today. Addresses are for admins, and for what a member did themself. */
async function named(actor: Actor, rows: readonly Row[]) {
  const idsOf = (kind: string) =>
    rows.flatMap((row) => (row.targetKind === kind && row.targetId ? [row.targetId] : []));
  const people = [...idsOf("member"), ...rows.flatMap(({ actorId, memberId }) => [actorId, memberId])];
  const select = { id: true, name: true } as const;
  const [members, keys, pods] = await Promise.all([
    db.user.findMany({ where: { id: { in: [...new Set(people.filter((id) => id !== null))] } }, select }),
    db.apiKey.findMany({ where: { id: { in: idsOf("key") } }, select }),
    db.pod.findMany({ where: { id: { in: idsOf("pod") } }, select }),
  ]);
  const nameOf = new Map([...members, ...keys, ...pods].map(({ id, name }) => [id, name]));
  const nameFor = (id: string | null) => (id === null ? null : (nameOf.get(id) ?? null));
  return rows.map(({ actorKind, actorId, memberId, targetId, ip, ...event }) => ({
    ...event,
    targetId,
    targetName: nameFor(targetId),
    actorId,
    actorKind,
    /** A member's name; `Command line` and `System` for those two. */
    actorName: actorName(actorKind, nameFor(actorId)),
    memberId,
    memberName: nameFor(memberId),
    ip: isAdmin(actor) || actorId === actor.memberId ? ip : null,
  }));
}

function actorName(kind: string, name: string | null) {
  if (kind === "cli") return "Command line";
  return name ?? (kind === "system" ? "System" : "A former member");
}
