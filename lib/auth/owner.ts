import { recordAudit } from "../audit/record";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { asProven } from "./member";
import { hashPassword } from "./password";
import { type Browser, beginSession } from "./sessions";
import { systemActor } from "./system-actor";

/** Whether nobody has joined yet, so that setup is open. */
export async function isFresh(tx: Db = db): Promise<boolean> {
  return (await tx.user.findFirst({ select: { id: true } })) === null;
}

type Owner = { name: string; email: string; password: string };

/** Makes the first member while there is none; of several at once one succeeds. Null: somebody was first. */
async function createFirst(owner: Owner, ip: string | null, now: Date, alsoIn: (tx: Db, id: string) => Promise<void>) {
  const passwordHash = await hashPassword(owner.password);
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtext('podpass first owner'))::text`;
    if (!(await isFresh(tx))) return null;
    const { id } = await tx.user.create({
      data: { email: owner.email, name: owner.name, role: "OWNER", passwordHash, createdAt: now },
      select: { id: true },
    });
    // Nobody stood here before: the first owner vouches for themself.
    const actor = { ...systemActor(ip), memberId: asProven(id) };
    const after = { email: owner.email, role: "OWNER" };
    await recordAudit(tx, actor, {
      action: "member.create",
      targetKind: "member",
      targetId: id,
      memberId: id,
      after,
      at: now,
    });
    await alsoIn(tx, id);
    return id;
  });
}

/** Setup: makes the owner and signs them in. Throws `not_found` once there is a member: setup is over then, whoever asks. */
export async function createOwner(
  owner: Owner,
  browser: Browser,
  now: Date,
): Promise<{ memberId: string; sessionId: string }> {
  let sessionId = "";
  const memberId = await createFirst(owner, browser.ip, now, async (tx, id) => {
    sessionId = await beginSession(tx, id, browser, now);
  });
  if (memberId === null) throw new AppError("not_found", "This Podpass already has an owner. Sign in instead.");
  return { memberId, sessionId };
}

/** Headless installs: makes the owner of `ADMIN_EMAIL` while there is no member, and never changes an existing one. */
export async function ensureOwner({ email, password }: Omit<Owner, "name">, now: Date): Promise<{ created: boolean }> {
  if (!(await isFresh())) return { created: false };
  const owner = { email, password, name: email.split("@")[0] ?? email };
  return { created: (await createFirst(owner, null, now, async () => undefined)) !== null };
}
