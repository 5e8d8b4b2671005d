import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { browser, makeMember, operator } from "@/test/fixtures/members";
import { db } from "../db";
import type { Role } from "./member";
import { changeRole, createMember, disableMember, enableMember, setMemberLimits } from "./mutations";
import { listMembers, memberFootprint } from "./queries";
import { IDLE_MS, LIFETIME_MS } from "./session-cookie";
import { beginSession, endOtherSessions, endOwnSession, findLiveSession, touchSession } from "./sessions";

const at = new Date("2026-03-29T00:30:00Z");
const later = (ms: number) => new Date(at.getTime() + ms);
const ROLES: Role[] = ["OWNER", "ADMIN", "MEMBER"];
const NOTHING = { rpm: null, tpm: null, concurrency: null, monthlyTokens: null, monthlyMicroUsd: null };

test("a session counts until it ends, is idle too long, is too old, or its member is disabled", async () => {
  const member = await makeMember("MEMBER");
  const id = await beginSession(db, member.id, browser, at);
  expect(await findLiveSession(id, at)).toMatchObject({ user: { id: member.id, role: "MEMBER" } });
  expect(await findLiveSession(id, later(IDLE_MS))).toBeNull();
  for (let day = 1; day < 30; day += 1) {
    const now = later(day * 86_400_000);
    const session = await findLiveSession(id, now);
    if (session) await touchSession(session, now);
  }
  expect(await findLiveSession(id, later(LIFETIME_MS - 1))).not.toBeNull();
  expect(await findLiveSession(id, later(LIFETIME_MS))).toBeNull();
  await db.user.update({ where: { id: member.id }, data: { disabledAt: at }, select: { id: true } });
  expect(await findLiveSession(id, later(LIFETIME_MS - 1))).toBeNull();
});

test("members end their own sessions only", async () => {
  const [ada, eve] = [await makeMember("MEMBER"), await makeMember("MEMBER")];
  const [here, there] = [await beginSession(db, ada.id, browser, at), await beginSession(db, ada.id, browser, at)];
  await expect(endOwnSession(eve.actor, { sessionId: there }, at)).rejects.toMatchObject({ code: "not_found" });
  await endOwnSession(ada.actor, { sessionId: there }, at);
  expect(await findLiveSession(there, at)).toBeNull();
  await beginSession(db, ada.id, browser, at);
  expect(await endOtherSessions({ ...ada.actor, sessionId: here }, at)).toEqual({ ended: 1 });
  expect(await findLiveSession(here, at)).not.toBeNull();
});

test("disabling a member ends their sessions, announces their keys, and is told in numbers before", async () => {
  const [owner, ada] = [await makeMember("OWNER"), await makeMember("MEMBER")];
  await makeMember("OWNER");
  const sessionId = await beginSession(db, ada.id, browser, at);
  const keys = await Promise.all(
    ["a", "b"].map((name) => db.apiKey.create({ data: { memberId: ada.id, name }, select: { id: true } })),
  );
  const before = await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } });
  expect(await memberFootprint(owner.actor, ada.id, at)).toEqual({ sessions: 1, keys: 2 });
  expect(await disableMember(owner.actor, { memberId: ada.id }, at)).toEqual({ sessions: 1, keys: 2 });
  expect(await findLiveSession(sessionId, at)).toBeNull();
  const changes = await db.keyChange.findMany({ where: { epoch: { gt: before.epoch } }, select: { keyIds: true } });
  expect(changes.some(({ keyIds }) => keys.every(({ id }) => keyIds.includes(id)))).toBe(true);
  const audited = await db.auditEvent.findMany({ where: { targetId: ada.id, action: "member.disable" } });
  expect(audited).toMatchObject([{ actorId: owner.id, memberId: ada.id, at }]);
  await enableMember(owner.actor, { memberId: ada.id }, at);
  await expect(enableMember(owner.actor, { memberId: ada.id }, at)).rejects.toMatchObject({ code: "conflict" });
});

test.each(ROLES.flatMap((actor) => ROLES.flatMap((target) => ROLES.map((to) => ({ actor, target, to })))))(
  "$actor makes $target $to: only from one's own rank downwards, and never as a member",
  async ({ actor: actorRole, target: targetRole, to }) => {
    await makeMember("OWNER");
    const [actor, target] = [await makeMember(actorRole), await makeMember(targetRole)];
    const rank = (role: Role) => -ROLES.indexOf(role);
    const isAllowed = actorRole !== "MEMBER" && rank(targetRole) <= rank(actorRole) && rank(to) <= rank(actorRole);
    const outcome = await changeRole(actor.actor, { memberId: target.id, role: to }, at).then(
      () => "done",
      () => "refused",
    );
    expect(outcome).toBe(isAllowed ? "done" : "refused");
    const { role } = await db.user.findUniqueOrThrow({ where: { id: target.id }, select: { role: true } });
    expect(role).toBe(isAllowed ? to : targetRole);
  },
);

test.each(["ADMIN", "MEMBER"] as const)(
  "%s cannot raise their own role, disable an owner or set an owner's limits",
  async (role) => {
    const [self, owner] = [await makeMember(role), await makeMember("OWNER")];
    await expect(changeRole(self.actor, { memberId: self.id, role: "OWNER" }, at)).rejects.toThrow();
    await expect(disableMember(self.actor, { memberId: owner.id }, at)).rejects.toThrow();
    await expect(enableMember(self.actor, { memberId: owner.id }, at)).rejects.toThrow();
    await expect(setMemberLimits(self.actor, { memberId: owner.id, limits: NOTHING }, at)).rejects.toThrow();
    expect(await db.user.findUnique({ where: { id: owner.id }, select: { role: true, disabledAt: true } })).toEqual({
      role: "OWNER",
      disabledAt: null,
    });
  },
);

test("the operator adds anybody; an address is taken once, also by two at the same moment", async () => {
  const email = `${randomUUID()}@elsewhere.example`;
  const adding = [1, 2, 3].map(() => createMember(operator(), { email, role: "OWNER" }, at));
  const outcomes = await Promise.allSettled(adding);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "conflict" } });
});

test("members see themselves on the team page, admins everybody, and nobody a password's hash", async () => {
  const [admin, ada] = [await makeMember("ADMIN"), await makeMember("MEMBER", { password: "tea in Kathmandu" })];
  expect((await listMembers(ada.actor, at)).map(({ id }) => id)).toEqual([ada.id]);
  const seen = await listMembers(admin.actor, at);
  expect(seen.map(({ id }) => id)).toEqual(expect.arrayContaining([admin.id, ada.id]));
  expect(JSON.stringify(seen)).not.toContain("argon2");
});
