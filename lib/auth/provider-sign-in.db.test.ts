import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";

const { makeMember, operator } = await import("@/test/fixtures/members");
const { db } = await import("../db");
const { createInvite } = await import("./invites");
const { disableMember } = await import("./mutations");
const { welcomeVisitor } = await import("./provider-sign-in");
const { getPolicy } = await import("../policy/queries");
const { updatePolicy } = await import("../policy/mutations");

const at = new Date("2026-03-29T00:30:00Z");
const visitor = (email: string | null) => ({ provider: "github", accountId: randomUUID(), email, name: "Eve" });
const stranger = () => visitor(`${randomUUID()}@example.org`);
const comes = (who: ReturnType<typeof visitor>, intent: Parameters<typeof welcomeVisitor>[1] = null) =>
  welcomeVisitor(who, intent, "203.0.113.9", at);
const countMembers = () => db.user.count();

test("a stranger is refused and leaves no row", async () => {
  await makeMember("OWNER");
  const [members, accounts] = [await countMembers(), await db.account.count()];
  expect(await comes(stranger())).toEqual({ kind: "refused", reason: "no_account" });
  expect(await comes(visitor(null))).toEqual({ kind: "refused", reason: "unverified" });
  expect([await countMembers(), await db.account.count()]).toEqual([members, accounts]);
});

test("a member is recognised by a verified address once, and by the account from then on", async () => {
  const ada = await makeMember("MEMBER");
  const who = visitor(ada.email);
  expect(await comes(who)).toEqual({ kind: "signed_in", memberId: ada.id });
  expect(await comes({ ...who, email: null })).toEqual({ kind: "signed_in", memberId: ada.id });
  expect(await db.auditEvent.count({ where: { memberId: ada.id, action: "member.connect" } })).toBe(1);
  await disableMember(operator(), { memberId: ada.id }, at);
  expect(await comes(who)).toEqual({ kind: "refused", reason: "disabled" });
});

test("the invited join with their invite's role, each invite once", async () => {
  const admin = await makeMember("ADMIN");
  const bound = stranger();
  await createInvite(admin.actor, { email: bound.email, role: "ADMIN" }, at);
  const joined = await comes(bound);
  expect(joined).toMatchObject({ kind: "signed_in" });
  if (joined.kind !== "signed_in") return;
  expect(await db.user.findUnique({ where: { id: joined.memberId }, select: { role: true } })).toEqual({
    role: "ADMIN",
  });

  const { link } = await createInvite(admin.actor, { email: null, role: "MEMBER" }, at);
  const intent = { invite: link.slice(link.lastIndexOf("/") + 1) };
  const outcomes = await Promise.all([comes(stranger(), intent), comes(stranger(), intent)]);
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["refused", "signed_in"]);
});

test("an invite for another address lets nobody in, and stays open", async () => {
  const admin = await makeMember("ADMIN");
  const { link, inviteId } = await createInvite(
    admin.actor,
    { email: `${randomUUID()}@example.org`, role: "MEMBER" },
    at,
  );
  const intent = { invite: link.slice(link.lastIndexOf("/") + 1) };
  expect(await comes(stranger(), intent)).toEqual({ kind: "refused", reason: "invite_refused" });
  expect(await db.invite.findUnique({ where: { id: inviteId }, select: { acceptedAt: true } })).toEqual({
    acceptedAt: null,
  });
});

test("connecting adds an account to who is signed in, and never takes somebody else's", async () => {
  const [ada, eve] = [await makeMember("MEMBER"), await makeMember("MEMBER")];
  const who = visitor(null);
  expect(await comes(who, { connect: ada.id })).toEqual({ kind: "signed_in", memberId: ada.id });
  expect(await comes(who, { connect: eve.id })).toEqual({ kind: "refused", reason: "other_member" });
});

test("the policy's domains may come uninvited as members; outside of them even an invite is refused", async () => {
  const owner = await makeMember("OWNER");
  const { updatedAt: _, ...policy } = await getPolicy();
  await updatePolicy(owner.actor, { ...policy, emailDomains: ["team.example"] }, at);
  const insider = visitor(`${randomUUID()}@team.example`);
  const welcome = await comes(insider);
  expect(welcome).toMatchObject({ kind: "signed_in" });
  if (welcome.kind !== "signed_in") return;
  expect(await db.user.findUnique({ where: { id: welcome.memberId }, select: { role: true } })).toEqual({
    role: "MEMBER",
  });
  expect(await comes(stranger())).toEqual({ kind: "refused", reason: "no_account" });
  const outside = createInvite(owner.actor, { email: `${randomUUID()}@example.org`, role: "MEMBER" }, at);
  await expect(outside).rejects.toMatchObject({ code: "forbidden", param: "email" });
  const { link } = await createInvite(owner.actor, { email: null, role: "MEMBER" }, at);
  expect(await comes(stranger(), { invite: link.slice(link.lastIndexOf("/") + 1) })).toEqual({
    kind: "refused",
    reason: "invite_refused",
  });
});

test("a change of the policy is audited with what differs, and told to every replica", async () => {
  const owner = await makeMember("OWNER");
  const [{ epoch }, { updatedAt: _, ...policy }] = [
    await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } }),
    await getPolicy(),
  ];
  const wanted = { ...policy, maxKeyDays: 14, defaultKeyDays: 7, strictFields: true };
  await updatePolicy(owner.actor, wanted, at);
  expect(await getPolicy()).toEqual({ ...wanted, updatedAt: at });
  const audited = await db.auditEvent.findFirst({ where: { action: "policy.update", actorId: owner.id } });
  expect(audited?.after).toEqual({ maxKeyDays: 14, defaultKeyDays: 7, strictFields: true });
  expect(await db.keyChange.findFirst({ where: { epoch: { gt: epoch } } })).toMatchObject({ allKeys: true });
  const member = await makeMember("MEMBER");
  await expect(updatePolicy(member.actor, wanted, at)).rejects.toMatchObject({ code: "forbidden" });
  await expect(updatePolicy(owner.actor, { ...wanted, defaultKeyDays: 30 }, at)).rejects.toMatchObject({
    param: "defaultKeyDays",
  });
});
