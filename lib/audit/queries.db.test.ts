import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { type Actor, asProven, type Role } from "../auth/member";
import { db } from "../db";
import { createKey, disableKey, renameKey } from "../keys/mutations";
import { createKeySchema } from "../keys/schema";
import { activityActions, exportActivity, listActivity } from "./queries";
import { recordAudit } from "./record";

const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);

async function person(name: string, role: Role = "MEMBER"): Promise<Actor & { memberId: string }> {
  const email = `${randomUUID()}@example.com`;
  const { id } = await db.user.create({ data: { email, name, role }, select: { id: true } });
  return { kind: "member", memberId: asProven(id), role, ip: "192.0.2.1", requestId: randomUUID() };
}

let me: Awaited<ReturnType<typeof person>>;
let admin: typeof me;
let keyId: string;
beforeAll(async () => {
  [me, admin] = [await person("Ada"), await person("Root", "ADMIN")];
  ({ keyId } = await createKey(me, createKeySchema.parse({ name: "laptop" }), now));
  await renameKey(me, { keyId, name: "desk" }, later(1));
  await disableKey(admin, { keyId }, later(2));
  const cli: Actor = { ...admin, kind: "cli", memberId: null };
  const big = { monthlyTokens: 2n ** 60n, rpm: 5n, at: now };
  await recordAudit(db, cli, {
    action: "key.limits",
    targetKind: "key",
    targetId: keyId,
    memberId: me.memberId,
    after: big,
    at: later(3),
  });
});

test("activity names who did what to what, newest first", async () => {
  const { events } = await listActivity(admin, { targetId: keyId });
  expect(events).toMatchObject([
    { action: "key.limits", actorName: "Command line", memberName: "Ada" },
    { action: "key.disable", actorName: "Root", targetName: "desk", ip: "192.0.2.1" },
    { action: "key.rename", before: { name: "laptop" }, after: { name: "desk" } },
    { action: "key.create", actorName: "Ada", targetKind: "key", at: now },
  ]);
});

test("big figures and times are kept as JSON can hold them", async () => {
  const [event] = (await listActivity(admin, { targetId: keyId, action: "key.limits" })).events;
  expect(event?.after).toEqual({ monthlyTokens: String(2n ** 60n), rpm: 5, at: now.toISOString() });
});

test("members see what they did and what concerns them, and nobody else's address", async () => {
  const { events } = await listActivity(me, {});
  expect(events.map(({ action, ip }) => [action, ip])).toEqual([
    ["key.limits", null],
    ["key.disable", null],
    ["key.rename", "192.0.2.1"],
    ["key.create", "192.0.2.1"],
  ]);
  expect((await listActivity(await person("Eve"), {})).events).toEqual([]);
  expect((await listActivity(await person("Eve"), { targetId: keyId, memberId: me.memberId })).events).toEqual([]);
  expect(await activityActions(me)).toEqual(["key.create", "key.disable", "key.limits", "key.rename"]);
});

test("filters narrow by action, area and time", async () => {
  const actions = async (filter: Parameters<typeof listActivity>[1]) =>
    (await listActivity(me, filter)).events.map(({ action }) => action);
  expect(await actions({ action: "key.rename" })).toEqual(["key.rename"]);
  expect(await actions({ action: "pod" })).toEqual([]);
  expect(await actions({ action: "key", from: later(1), to: later(3) })).toEqual(["key.disable", "key.rename"]);
  expect(await actions({ targetId: "1" })).toEqual([]);
  expect(await actions({ memberId: "' OR true" })).toEqual([]);
});

test("pages follow each other without a gap, and a forged cursor is refused", async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listActivity(me, { cursor }, 1);
    seen.push(...page.events.map(({ action }) => action));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(["key.limits", "key.disable", "key.rename", "key.create"]);
  for (const forged of ["", "1", "x.y", `NaN.${randomUUID()}`]) {
    await expect(listActivity(me, { cursor: forged })).rejects.toMatchObject({ code: "invalid_request" });
  }
});

test("an export holds every row", async () => {
  const rows: unknown[] = [];
  for await (const row of exportActivity(me, {})) rows.push(row);
  expect(rows).toHaveLength(4);
  expect(rows[2]).toMatchObject({
    action: "key.rename",
    actor: "Ada",
    before: '{"name":"laptop"}',
    targetName: "desk",
  });
});
