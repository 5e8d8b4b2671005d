import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, asProven, type Role } from "../auth/member";
import { db } from "../db";
import { createKey, disableKey, revokeKey, rotateKey } from "./mutations";
import { countKeys, type KeyFilter, keyHistory, type ListKeys, listKeys } from "./queries";
import { createKeySchema } from "./schema";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);

async function person(role: Role = "MEMBER"): Promise<Actor & { memberId: string }> {
  const email = `${randomUUID()}@example.com`;
  const { id } = await db.user.create({ data: { email, name: "Somebody", role }, select: { id: true } });
  return { kind: "member", memberId: asProven(id), role, ip: "192.0.2.1", requestId: randomUUID() };
}

const newKey = (actor: Actor, fields: object, at = now) => createKey(actor, createKeySchema.parse(fields), at);

async function names(actor: Actor, filter: ListKeys = {}) {
  const { keys } = await listKeys(actor, filter, now);
  return keys.map(({ name }) => name);
}

let me: Awaited<ReturnType<typeof person>>;
let admin: typeof me;
let hint: string;
beforeAll(async () => {
  [me, admin] = [await person(), await person("ADMIN")];
  await newKey(me, { name: "active", expires: "90d" }, later(-DAY));
  ({ hint } = await newKey(me, { name: "100% _odd\\ name", expires: "365d" }, later(-2 * DAY)));
  const rotating = await newKey(me, { name: "rotating", expires: "60d" }, later(-3 * DAY));
  await rotateKey(me, { keyId: rotating.keyId, graceMs: DAY }, later(-HOUR));
  await newKey(me, { name: "expiring", expires: "30d" }, later(-27 * DAY));
  const disabled = await newKey(me, { name: "disabled", expires: "91d" }, later(-4 * DAY));
  await disableKey(me, { keyId: disabled.keyId }, now);
  await newKey(me, { name: "expired", expires: "1h" }, later(-5 * DAY));
  const revoked = await newKey(me, { name: "revoked" }, later(-6 * DAY));
  await revokeKey(me, { keyId: revoked.keyId }, now);
  await db.apiKeySecret.updateMany({ where: { apiKeyId: rotating.keyId }, data: { lastUsedAt: later(-HOUR) } });
  await newKey(await person(), { name: "somebody else's" });
});

test("the list holds one's own live keys, newest first", async () => {
  expect(await names(me)).toEqual(["active", "100% _odd\\ name", "rotating", "disabled", "expiring"]);
});

test.each<[KeyFilter, string[]]>([
  ["all", ["active", "100% _odd\\ name", "rotating", "disabled", "expired", "revoked", "expiring"]],
  ["ended", ["expired", "revoked"]],
  ["active", ["active", "100% _odd\\ name"]],
  ["expiring", ["expiring"]],
  ["rotating", ["rotating"]],
  ["disabled", ["disabled"]],
  ["expired", ["expired"]],
  ["revoked", ["revoked"]],
])("the filter %s agrees with the status shown", async (status, expected) => {
  const { keys } = await listKeys(me, { status }, now);
  expect(keys.map(({ name }) => name)).toEqual(expected);
  if (!["all", "ended"].includes(status))
    expect(new Set(keys.map((key) => key.status.status))).toEqual(new Set([status]));
});

describe("the search", () => {
  test("finds part of a name in any case, and takes no character for a pattern", async () => {
    expect(await names(me, { search: "TIVE" })).toEqual(["active"]);
    expect(await names(me, { search: "%" })).toEqual(["100% _odd\\ name"]);
    expect(await names(me, { search: "_" })).toEqual(["100% _odd\\ name"]);
    expect(await names(me, { search: "\\" })).toEqual(["100% _odd\\ name"]);
    expect(await names(me, { search: "' OR true --\0" })).toEqual([]);
  });

  test("finds a hint, however its dots are typed", async () => {
    expect(await names(me, { search: hint })).toEqual(["100% _odd\\ name"]);
    expect(await names(me, { search: hint.replace("…", "...") })).toEqual(["100% _odd\\ name"]);
    expect(await names(me, { search: hint.slice(-4) })).toEqual(["100% _odd\\ name"]);
  });

  test("finds nothing for a whole secret", async () => {
    const { secret } = await newKey(await person(), { name: "secret" });
    expect(await names(admin, { search: secret })).toEqual([]);
  });
});

test.each([
  [{ sort: "name" }, ["100% _odd\\ name", "active", "disabled", "expiring", "rotating"]],
  [{ sort: "name", descending: true }, ["rotating", "expiring", "disabled", "active", "100% _odd\\ name"]],
  [{ sort: "expires" }, ["expiring", "rotating", "disabled", "active", "100% _odd\\ name"]],
  [{ sort: "created", descending: false }, ["expiring", "disabled", "rotating", "100% _odd\\ name", "active"]],
] as const)("sorted by %o", async (order, expected) => {
  expect(await names(me, order)).toEqual(expected);
});

test("sorted by last use, never used ones come last", async () => {
  expect((await names(me, { sort: "lastUsed" }))[0]).toBe("rotating");
});

test.each([
  { sort: "created" },
  { sort: "created", descending: false },
  { sort: "name" },
  { sort: "name", descending: true },
  { sort: "lastUsed" },
  { sort: "expires" },
  { sort: "expires", descending: true },
] as const)("pages by %o show every key once", async (order) => {
  const all = await names(me, order);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listKeys(me, { ...order, take: 2, cursor }, now);
    seen.push(...page.keys.map(({ name }) => name));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(all);
});

test("the counts say what a filter hides", async () => {
  expect(await countKeys(me, {}, now)).toEqual({ live: 5, ended: 2 });
  expect(await countKeys(admin, { memberId: me.memberId }, now)).toEqual({ live: 5, ended: 2 });
});

test("members see their own keys, admins everybody's and any one member's", async () => {
  const other = await person();
  expect(await names(other)).toEqual([]);
  expect(await names(other, { memberId: me.memberId })).toEqual([]);
  expect(await names(admin, { memberId: me.memberId })).toHaveLength(5);
  expect(await names(admin, { memberId: "1" })).toEqual([]);
  expect(await names(admin, { search: "somebody else's" })).not.toEqual([]);
});

test("a row carries no hash, and a rotating key both of its hints", async () => {
  const { keys } = await listKeys(me, { status: "rotating" }, now);
  expect(keys[0]?.secrets).toHaveLength(2);
  expect(JSON.stringify(keys)).not.toMatch(/hash|pepper/i);
});

test("a key's history names who did what, with addresses for those who may know them", async () => {
  const { keyId } = await newKey(me, { name: "watched" });
  await disableKey(admin, { keyId }, now);
  expect(await keyHistory(me, keyId)).toMatchObject([
    { action: "key.disable", actorName: "Somebody", ip: null },
    { action: "key.create", actorName: "Somebody", ip: "192.0.2.1" },
  ]);
  expect(await keyHistory(admin, keyId)).toMatchObject([{ ip: "192.0.2.1" }, { ip: "192.0.2.1" }]);
  await expect(keyHistory(await person(), keyId)).rejects.toMatchObject({ code: "not_found" });
});

test("overdue are the keys whose secret is older than the key's own rhythm or the policy's", async () => {
  const owner = await person();
  const old = await newKey(owner, { name: "old", expires: "365d", rotateEveryDays: "20" }, later(-21 * DAY));
  await newKey(owner, { name: "by policy", expires: "365d" }, later(-31 * DAY));
  await newKey(owner, { name: "fresh", expires: "365d", rotateEveryDays: "20" }, later(-19 * DAY));
  await db.policy.update({ where: { id: 1 }, data: { rotateEveryDays: 30 } });
  try {
    expect(await names(owner, { status: "overdue" })).toEqual(["old", "by policy"]);
    await rotateKey(owner, { keyId: old.keyId, graceMs: 0 }, now);
    expect(await names(owner, { status: "overdue" })).toEqual(["by policy"]);
  } finally {
    await db.policy.update({ where: { id: 1 }, data: { rotateEveryDays: null } });
  }
});
