import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { browser, makeMember, operator } from "@/test/fixtures/members";
import { db } from "../db";
import { acceptInvite, createInvite, remakeInvite, revokeInvite, viewInvite } from "./invites";
import { changeRole, disableMember } from "./mutations";
import { createPasswordReset, resetPassword, viewPasswordReset } from "./resets";
import { beginSession, findLiveSession } from "./sessions";
import { signInWithPassword } from "./sign-in";

const at = new Date("2026-03-29T00:30:00Z");
const later = (ms: number) => new Date(at.getTime() + ms);
const DAY = 86_400_000;
const password = "tea in Kathmandu";
const tokenOf = (link: string) => link.slice(link.lastIndexOf("/") + 1);
const somebody = (token: string) => ({ token, name: "Eve", email: `${randomUUID()}@example.org`, password });

test("a link is at PUBLIC_URL, opens without being used up, and lets exactly one of several at once in", async () => {
  const admin = await makeMember("ADMIN");
  const { link } = await createInvite(admin.actor, { email: null, role: "MEMBER" }, at);
  expect(link).toMatch(/^http:\/\/localhost:3000\/invite\/[A-Za-z0-9_-]{43}$/);
  const token = tokenOf(link);
  for (const _ of [1, 2, 3])
    expect(await viewInvite(token, at)).toMatchObject({ state: "open", invitedBy: "Ada Test" });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => acceptInvite(somebody(token), browser, at)));
  const joined = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(joined).toHaveLength(1);
  expect(await findLiveSession(joined[0]?.sessionId ?? "", at)).toMatchObject({
    user: { id: joined[0]?.memberId, role: "MEMBER" },
  });
  expect(await viewInvite(token, at)).toMatchObject({ state: "used" });
  expect(await db.auditEvent.count({ where: { action: "invite.accept", memberId: joined[0]?.memberId } })).toBe(1);
});

test("an invite for an address is for no other, and a failed try leaves it open", async () => {
  const admin = await makeMember("ADMIN");
  const email = `${randomUUID()}@example.org`;
  const token = tokenOf((await createInvite(admin.actor, { email, role: "MEMBER" }, at)).link);
  await expect(acceptInvite(somebody(token), browser, at)).rejects.toMatchObject({ param: "email" });
  expect(await acceptInvite({ ...somebody(token), email }, browser, at)).toMatchObject({
    memberId: expect.any(String),
  });
});

test("links end after seven days, when revoked, when made again, and when their maker may no longer make them", async () => {
  const [owner, admin, other] = [await makeMember("OWNER"), await makeMember("ADMIN"), await makeMember("ADMIN")];
  const make = async (by = admin) => createInvite(by.actor, { email: null, role: "ADMIN" }, at);
  const [old, revoked, remade, byDemoted, byDisabled] = [
    await make(),
    await make(),
    await make(),
    await make(),
    await make(other),
  ];
  await revokeInvite(other.actor, revoked, at);
  const { link } = await remakeInvite(admin.actor, remade, at);
  expect(await viewInvite(tokenOf(old.link), later(7 * DAY))).toMatchObject({ state: "expired" });
  expect(await viewInvite(tokenOf(revoked.link), at)).toMatchObject({ state: "revoked" });
  expect(await viewInvite(tokenOf(remade.link), at)).toEqual({ state: "unknown" });
  expect(await viewInvite(tokenOf(link), at)).toMatchObject({ state: "open" });
  await changeRole(owner.actor, { memberId: admin.id, role: "MEMBER" }, at);
  await disableMember(owner.actor, { memberId: other.id }, at);
  for (const dead of [byDemoted, byDisabled, revoked]) {
    await expect(acceptInvite(somebody(tokenOf(dead.link)), browser, at)).rejects.toMatchObject({ code: "not_found" });
  }
});

test("nobody invites above themselves, members invite nobody", async () => {
  const [admin, member] = [await makeMember("ADMIN"), await makeMember("MEMBER")];
  await expect(createInvite(admin.actor, { email: null, role: "OWNER" }, at)).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(createInvite(member.actor, { email: null, role: "MEMBER" }, at)).rejects.toMatchObject({
    code: "forbidden",
  });
});

test("no token is stored", async () => {
  const admin = await makeMember("ADMIN");
  const { link, inviteId } = await createInvite(admin.actor, { email: null, role: "MEMBER" }, at);
  const row = await db.invite.findUniqueOrThrow({ where: { id: inviteId } });
  const stored = `${Buffer.from(row.tokenHash).toString("base64url")} ${Buffer.from(row.tokenHash).toString("latin1")}`;
  expect(stored).not.toContain(tokenOf(link));
});

test("a reset link works once, ends every session, and opens an account that guessing has closed", async () => {
  const [admin, ada] = [await makeMember("ADMIN"), await makeMember("MEMBER", { password: "what was it again" })];
  const before = await beginSession(db, ada.id, browser, at);
  const first = tokenOf((await createPasswordReset(admin.actor, { memberId: ada.id }, at)).link);
  const token = tokenOf((await createPasswordReset(admin.actor, { memberId: ada.id }, at)).link);
  expect(await viewPasswordReset(first, at)).toMatchObject({ state: "expired" });
  expect(await viewPasswordReset(token, at)).toMatchObject({ state: "open", madeBy: "Ada Test" });
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => resetPassword({ token, password }, browser, at)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await findLiveSession(before, at)).toBeNull();
  expect(await signInWithPassword({ email: ada.email, password }, browser, at)).toMatchObject({ kind: "signed_in" });
  expect(await viewPasswordReset(token, later(DAY))).toMatchObject({ state: "used" });
});

test("reset links: a day long, never for an owner by an admin, and dead with a disabled member", async () => {
  const [owner, admin, ada] = [await makeMember("OWNER"), await makeMember("ADMIN"), await makeMember("MEMBER")];
  await expect(createPasswordReset(admin.actor, { memberId: owner.id }, at)).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(createPasswordReset(ada.actor, { memberId: ada.id }, at)).rejects.toMatchObject({ code: "not_found" });
  expect(await createPasswordReset(operator(), { memberId: owner.id }, at)).toMatchObject({ mail: null });
  const token = tokenOf((await createPasswordReset(admin.actor, { memberId: ada.id }, at)).link);
  expect(await viewPasswordReset(token, later(DAY))).toMatchObject({ state: "expired" });
  await disableMember(owner.actor, { memberId: ada.id }, at);
  await expect(resetPassword({ token, password }, browser, at)).rejects.toMatchObject({ code: "not_found" });
});
