import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";

const { browser, makeMember, operator } = await import("@/test/fixtures/members");
const { db } = await import("../db");
const { changeRole, disableMember } = await import("./mutations");
const { createOwner, ensureOwner, isFresh } = await import("./owner");
const { findLiveSession } = await import("./sessions");

const at = new Date("2026-03-29T00:30:00Z");
const somebody = () => ({ name: "Eve", email: `${randomUUID()}@example.org`, password: "tea in Kathmandu" });

test("of several who set up at once one becomes the owner, is signed in, and setup is over", async () => {
  expect(await isFresh()).toBe(true);
  const setups = [1, 2, 3].map(() => createOwner(somebody(), browser, at));
  const headless = [1, 2].map(() => ensureOwner(somebody(), at));
  const outcomes = await Promise.allSettled([...setups, ...headless]);
  const members = await db.user.findMany({ select: { id: true, role: true } });
  expect(members).toMatchObject([{ role: "OWNER" }]);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "not_found" });
    else if ("sessionId" in outcome.value) expect(await findLiveSession(outcome.value.sessionId, at)).not.toBeNull();
  }
  expect(await isFresh()).toBe(false);
  await expect(createOwner(somebody(), browser, at)).rejects.toMatchObject({ code: "not_found" });
  expect(await ensureOwner(somebody(), at)).toEqual({ created: false });
});

test("of all owners stepping down or being disabled at once one stays", async () => {
  for (const _ of [1, 2, 3]) await makeMember("OWNER");
  const owners = await db.user.findMany({ where: { role: "OWNER", disabledAt: null }, select: { id: true } });
  expect(owners.length).toBeGreaterThan(3);
  const stepDown = ({ id: memberId }: { id: string }, index: number) =>
    index % 2 === 0
      ? changeRole(operator(), { memberId, role: "ADMIN" }, at)
      : disableMember(operator(), { memberId }, at);
  const outcomes = await Promise.allSettled(owners.map(stepDown));
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "conflict" } }]);
  expect(await db.user.count({ where: { role: "OWNER", disabledAt: null } })).toBe(1);
});
