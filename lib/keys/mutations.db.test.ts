import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, asProven, type Role } from "../auth/member";
import { deriveKey } from "../secrets";
import { createKeySchema } from "./schema";
import { digestOf } from "./secret";

// The policy is one row for everybody, and these promises depend on it.
const { db } = await import("../db");
const { env } = await import("../env");
const { AppError } = await import("../errors");
const { createKey, disableKey, enableKey, endOutgoingSecret, renameKey, revokeKey, rotateKey, updateLimits } =
  await import("./mutations");
const { getKey } = await import("./queries");

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);

const operator: Actor = { kind: "cli", memberId: null, role: "OWNER", ip: null, requestId: "test" };

async function person(role: Role = "MEMBER", limits = {}): Promise<Actor & { memberId: string }> {
  const email = `${randomUUID()}@example.com`;
  const { id } = await db.user.create({ data: { email, name: "Somebody", role, ...limits }, select: { id: true } });
  return { kind: "member", memberId: asProven(id), role, ip: "192.0.2.1", requestId: randomUUID() };
}

const newKey = (actor: Actor, fields: object = {}, at = now) =>
  createKey(actor, createKeySchema.parse({ name: "laptop", ...fields }), at);

const secretsOf = (apiKeyId: string) =>
  db.apiKeySecret.findMany({
    where: { apiKeyId },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    omit: { hash: false },
  });

const auditOf = (targetId: string) => db.auditEvent.findMany({ where: { targetId }, orderBy: { id: "asc" } });

const liveAt = async (apiKeyId: string, moment: Date) =>
  (await secretsOf(apiKeyId)).filter(({ expiresAt, revokedAt }) => !revokedAt && (!expiresAt || expiresAt > moment));

/** How a call was refused. */
async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "accepted";
}

let me: Awaited<ReturnType<typeof person>>;
let admin: typeof me;
beforeAll(async () => {
  [me, admin] = [await person(), await person("ADMIN")];
});

describe("a new key", () => {
  test("shows its secret once and keeps only the digest", async () => {
    const { keyId, secretId, secret, hint } = await newKey(me);
    const [stored] = await secretsOf(keyId);
    expect(stored).toMatchObject({ id: secretId, hint, expiresAt: null, pepperVersion: 1 });
    expect(Buffer.from(stored?.hash ?? [])).toEqual(digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper")));
    const everything = JSON.stringify([await getKey(me, keyId, now), await auditOf(keyId), stored?.hint]);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(secret.slice(8, 40));
  });

  test("has one audit row, and raises the epoch by one", async () => {
    const epoch = () => db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } }).then((row) => Number(row.epoch));
    const earlier = await epoch();
    const { keyId } = await newKey(me, { rpm: 5 });
    expect(await auditOf(keyId)).toMatchObject([
      {
        actorKind: "member",
        actorId: me.memberId,
        action: "key.create",
        memberId: me.memberId,
        ip: "192.0.2.1",
        requestId: me.requestId,
        after: { name: "laptop", rpm: 5 },
      },
    ]);
    const changes = await db.keyChange.findMany({ where: { epoch: { gt: earlier }, keyIds: { has: keyId } } });
    expect(changes).toHaveLength(1);
  });

  test("lives as long as the policy's default says, and at most as long as it allows", async () => {
    expect((await newKey(me)).expiresAt).toEqual(later(30 * DAY));
    expect((await newKey(me, { expires: "365d" })).expiresAt).toEqual(later(365 * DAY));
    expect(await refusal(newKey(me, { expires: "366d" }))).toBe("invalid_request");
    expect(await refusal(newKey(admin, { expires: "never" }))).toBe("invalid_request");
    expect(await refusal(newKey(me, { expires: "2020-01-01" }))).toBe("invalid_request");
    expect((await newKey(operator, { memberId: me.memberId, expires: "never" })).expiresAt).toBeNull();
  });

  test("for somebody else is an admin's to make", async () => {
    const { keyId } = await newKey(admin, { memberId: me.memberId });
    expect(await getKey(me, keyId, now)).toMatchObject({ member: { id: me.memberId } });
    expect(await auditOf(keyId)).toMatchObject([{ actorId: admin.memberId, memberId: me.memberId }]);
    expect(await refusal(newKey(me, { memberId: admin.memberId }))).toBe("invalid_request");
    expect(await refusal(newKey(admin, { memberId: randomUUID() }))).toBe("not_found");
    expect(await refusal(newKey(operator))).toBe("invalid_request");
  });

  test("takes nothing from an input but what it names", async () => {
    const forged = {
      ...createKeySchema.parse({ name: "laptop" }),
      id: randomUUID(),
      ownerId: admin.memberId,
      role: "OWNER",
      hash: "x",
      revokedAt: now,
      createdAt: new Date(0),
      disabledById: admin.memberId,
    };
    const { keyId } = await createKey(me, forged, now);
    expect(keyId).not.toBe(forged.id);
    const stored = await db.apiKey.findUniqueOrThrow({ where: { id: keyId } });
    expect(stored).toMatchObject({ memberId: me.memberId, revokedAt: null, disabledById: null, createdAt: now });
  });

  test("is not made for a disabled member", async () => {
    const gone = await person();
    await db.user.update({ where: { id: gone.memberId }, data: { disabledAt: now } });
    expect(await refusal(newKey(admin, { memberId: gone.memberId }))).toBe("conflict");
  });

  test("never exceeds the number a policy allows, however many are asked for at once", async () => {
    const eager = await person();
    const ask = (times: number) => Promise.all(Array.from({ length: times }, () => refusal(newKey(eager))));
    const answers: Awaited<ReturnType<typeof ask>> = [];
    for (const times of [10, 10, 10, 10, 15]) answers.push(...(await ask(times)));
    expect(answers.filter((answer) => answer === "accepted")).toHaveLength(50);
    expect(answers.filter((answer) => answer === "conflict")).toHaveLength(5);
    expect(await db.apiKey.count({ where: { memberId: eager.memberId } })).toBe(50);
    expect(await refusal(newKey(operator, { memberId: eager.memberId }))).toBe("accepted");
  });
});

describe("a rotation", () => {
  test("leaves the old secret its grace period, and the key its id", async () => {
    const first = await newKey(me);
    const second = await rotateKey(me, { keyId: first.keyId, secretId: first.secretId, graceMs: HOUR }, now);
    expect([first.models, second.models]).toEqual([[], []]);
    expect(second).toMatchObject({ keyId: first.keyId, outgoingExpiresAt: later(HOUR) });
    expect(second.secret).not.toBe(first.secret);
    expect(await secretsOf(first.keyId)).toMatchObject([
      { id: first.secretId, expiresAt: later(HOUR), revokedAt: null },
      { id: second.secretId, expiresAt: null, revokedAt: null },
    ]);
    const { status } = await getKey(me, first.keyId, now);
    expect(status).toMatchObject({ status: "rotating", endsAt: later(HOUR) });
    expect(await auditOf(first.keyId)).toMatchObject([{ action: "key.create" }, { action: "key.rotate" }]);
  });

  test("with no grace ends the old secret at once", async () => {
    const { keyId, secretId } = await newKey(me);
    await rotateKey(me, { keyId, graceMs: 0 }, now);
    expect((await secretsOf(keyId))[0]).toMatchObject({ id: secretId, expiresAt: now, revokedAt: now });
  });

  test("never lengthens a life", async () => {
    const { keyId } = await newKey(me, { expires: "2h" });
    const { outgoingExpiresAt } = await rotateKey(me, { keyId, graceMs: 24 * HOUR }, now);
    expect(outgoingExpiresAt).toEqual(later(2 * HOUR));
  });

  test("twice within a grace period leaves two secrets, not three", async () => {
    const first = await newKey(me);
    const second = await rotateKey(me, { keyId: first.keyId, graceMs: DAY }, now);
    const third = await rotateKey(me, { keyId: first.keyId, graceMs: DAY }, later(HOUR));
    expect((await liveAt(first.keyId, later(HOUR))).map(({ id }) => id)).toEqual([second.secretId, third.secretId]);
  });

  test("wins once of eight at the same moment", async () => {
    const { keyId, secretId } = await newKey(me);
    const rotations = Array.from({ length: 8 }, () => refusal(rotateKey(me, { keyId, secretId, graceMs: HOUR }, now)));
    const answers = await Promise.all(rotations);
    expect(answers.toSorted()).toEqual(["accepted", ...Array(7).fill("conflict")]);
    expect(await secretsOf(keyId)).toHaveLength(2);
    expect((await auditOf(keyId)).filter(({ action }) => action === "key.rotate")).toHaveLength(1);
  });

  test("of a revoked or expired key is refused", async () => {
    const revoked = await newKey(me);
    await revokeKey(me, { keyId: revoked.keyId }, now);
    expect(await refusal(rotateKey(me, { keyId: revoked.keyId, graceMs: 0 }, now))).toBe("conflict");
    const expired = await newKey(me, { expires: "1h" });
    expect(await refusal(rotateKey(me, { keyId: expired.keyId, graceMs: 0 }, later(HOUR)))).toBe("conflict");
    expect(await secretsOf(expired.keyId)).toHaveLength(1);
  });

  test("keeps to the policy's longest grace period, unless the operator asks", async () => {
    const { keyId } = await newKey(me, { expires: "90d" });
    expect(await refusal(rotateKey(me, { keyId, graceMs: 7 * DAY + 1 }, now))).toBe("invalid_request");
    expect(await refusal(rotateKey(admin, { keyId, graceMs: 7 * DAY + 1 }, now))).toBe("invalid_request");
    const { outgoingExpiresAt } = await rotateKey(operator, { keyId, graceMs: 8 * DAY }, now);
    expect(outgoingExpiresAt).toEqual(later(8 * DAY));
  });

  test("can be finished early", async () => {
    const { keyId, secretId } = await newKey(me);
    expect(await refusal(endOutgoingSecret(me, { keyId }, now))).toBe("conflict");
    await rotateKey(me, { keyId, graceMs: DAY }, now);
    await endOutgoingSecret(me, { keyId, secretId }, later(HOUR));
    expect((await secretsOf(keyId))[0]).toMatchObject({ expiresAt: later(HOUR), revokedAt: later(HOUR) });
    expect(await liveAt(keyId, later(HOUR))).toHaveLength(1);
    expect(await refusal(endOutgoingSecret(me, { keyId, secretId }, later(HOUR)))).toBe("conflict");
  });
});

describe("revoking", () => {
  test("ends the key and both of its secrets, once", async () => {
    const { keyId } = await newKey(me);
    await rotateKey(me, { keyId, graceMs: DAY }, now);
    await revokeKey(me, { keyId }, later(HOUR));
    expect(await revokeKey(me, { keyId }, later(2 * HOUR))).toEqual({ revokedAt: later(HOUR) });
    expect(await liveAt(keyId, now)).toHaveLength(0);
    expect((await getKey(me, keyId, now)).status.status).toBe("revoked");
    expect((await auditOf(keyId)).map(({ action }) => action)).toEqual(["key.create", "key.rotate", "key.revoke"]);
  });

  test("and rotating at once leave no live secret behind", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => newKey(me)));
    for (const { keyId } of keys) {
      await Promise.all([refusal(rotateKey(me, { keyId, graceMs: DAY }, now)), revokeKey(me, { keyId }, now)]);
      expect(await liveAt(keyId, now)).toHaveLength(0);
    }
  });

  test("is final", async () => {
    const { keyId } = await newKey(me);
    await revokeKey(me, { keyId }, now);
    expect(await refusal(enableKey(me, { keyId }, now))).toBe("conflict");
    expect(await refusal(disableKey(me, { keyId }, now))).toBe("conflict");
    expect(await refusal(updateLimits(me, { keyId, rpm: 1 }, now))).toBe("conflict");
  });
});

describe("disabling", () => {
  test("is undone by enabling", async () => {
    const { keyId } = await newKey(me);
    await disableKey(me, { keyId }, now);
    await disableKey(me, { keyId }, later(HOUR));
    expect((await getKey(me, keyId, now)).status).toMatchObject({ status: "disabled", since: now });
    await enableKey(me, { keyId }, now);
    await enableKey(me, { keyId }, now);
    expect((await getKey(me, keyId, now)).status.status).toBe("active");
    expect((await auditOf(keyId)).map(({ action }) => action)).toEqual(["key.create", "key.disable", "key.enable"]);
  });

  test("by an admin is undone by an admin only", async () => {
    const { keyId } = await newKey(me);
    await disableKey(me, { keyId }, now);
    await disableKey(admin, { keyId }, now);
    expect(await refusal(enableKey(me, { keyId }, now))).toBe("forbidden");
    await enableKey(admin, { keyId }, now);
    expect((await getKey(me, keyId, now)).disabledAt).toBeNull();
  });
});

test("renaming says what the name was", async () => {
  const { keyId } = await newKey(me);
  await renameKey(me, { keyId, name: "desk" }, now);
  await renameKey(me, { keyId, name: "desk" }, now);
  expect((await auditOf(keyId)).slice(1)).toMatchObject([
    { action: "key.rename", before: { name: "laptop" }, after: { name: "desk" } },
  ]);
});

describe("limits", () => {
  test("change where named, with before and after", async () => {
    const { keyId } = await newKey(me, { rpm: 10, tpm: 100, models: "a" });
    await updateLimits(me, { keyId, rpm: 5, tpm: 100, models: ["b"] }, now);
    await updateLimits(me, { keyId, rpm: 5 }, now);
    expect(await getKey(me, keyId, now)).toMatchObject({ limits: { rpm: 5, tpm: 100 }, models: ["b"] });
    expect((await auditOf(keyId)).slice(1)).toMatchObject([
      { action: "key.limits", before: { rpm: 10, models: ["a"] }, after: { rpm: 5, models: ["b"] } },
    ]);
  });

  test("stay within a member's own ceiling", async () => {
    const capped = await person("MEMBER", { rpm: 60 });
    const { keyId } = await newKey(capped, { rpm: 60 });
    expect(await refusal(updateLimits(capped, { keyId, rpm: 61 }, now))).toBe("invalid_request");
    expect(await refusal(updateLimits(admin, { keyId, rpm: 61 }, now))).toBe("invalid_request");
    expect(await refusal(updateLimits(operator, { keyId, rpm: 61 }, now))).toBe("accepted");
    expect(await refusal(updateLimits(capped, { keyId, rpm: 61 }, now))).toBe("accepted");
    expect((await getKey(capped, keyId, now)).effective.rpm).toEqual({ value: 61, source: "key" });
  });

  test("stay below the role's default for a member, and may be raised by an admin", async () => {
    await db.policy.update({ where: { id: 1 }, data: { roleLimits: { MEMBER: { rpm: 60 } }, rotateEveryDays: 90 } });
    try {
      const { keyId } = await newKey(me, { rpm: 60, rotateEveryDays: 90 });
      expect(await refusal(newKey(me, { rpm: 61 }))).toBe("invalid_request");
      expect(await refusal(newKey(me, { rotateEveryDays: 91 }))).toBe("invalid_request");
      expect(await refusal(updateLimits(me, { keyId, rpm: 61 }, now))).toBe("invalid_request");
      await updateLimits(admin, { keyId, rpm: 600 }, now);
      expect(await refusal(updateLimits(me, { keyId, rpm: 601 }, now))).toBe("invalid_request");
      await updateLimits(me, { keyId, rpm: 500 }, now);
      await updateLimits(me, { keyId, rpm: null }, now);
      const { effective, rotation } = await getKey(me, keyId, now);
      expect(effective.rpm).toEqual({ value: 60, source: "role" });
      expect(rotation).toEqual({ everyDays: 90, isByPolicy: false, dueAt: later(90 * DAY) });
    } finally {
      await db.policy.update({ where: { id: 1 }, data: { roleLimits: {}, rotateEveryDays: null } });
    }
  });

  test("an end moves within the longest life, which counts from the key's making", async () => {
    const { keyId } = await newKey(me);
    const at = (moment: Date) => ({ keyId, expires: { kind: "at", at: moment } }) as const;
    expect(await refusal(updateLimits(me, at(later(366 * DAY)), later(DAY)))).toBe("invalid_request");
    expect(await refusal(updateLimits(me, at(later(-DAY)), now))).toBe("invalid_request");
    await updateLimits(me, at(later(365 * DAY)), later(DAY));
    expect((await getKey(me, keyId, now)).expiresAt).toEqual(later(365 * DAY));
  });

  test("an end that comes nearer takes the outgoing secret along", async () => {
    const { keyId, secretId } = await newKey(me);
    await rotateKey(me, { keyId, graceMs: DAY }, now);
    await updateLimits(me, { keyId, expires: { kind: "after", ms: HOUR } }, now);
    expect((await secretsOf(keyId)).find(({ id }) => id === secretId)?.expiresAt).toEqual(later(HOUR));
  });
});

describe("somebody else's key", () => {
  test("is as unknown as one that does not exist, whatever is tried; the attempt is on record", async () => {
    const [other, { keyId }] = [await person(), await newKey(me)];
    const before = await db.apiKey.findUniqueOrThrow({ where: { id: keyId }, include: { secrets: true } });
    for (const id of [keyId, randomUUID(), "1", "' OR true --"]) {
      expect(await refusal(rotateKey(other, { keyId: id, graceMs: 0 }, now))).toBe("not_found");
      expect(await refusal(revokeKey(other, { keyId: id }, now))).toBe("not_found");
      expect(await refusal(disableKey(other, { keyId: id }, now))).toBe("not_found");
      expect(await refusal(enableKey(other, { keyId: id }, now))).toBe("not_found");
      expect(await refusal(renameKey(other, { keyId: id, name: "mine" }, now))).toBe("not_found");
      expect(await refusal(updateLimits(other, { keyId: id, rpm: 1 }, now))).toBe("not_found");
      expect(await refusal(endOutgoingSecret(other, { keyId: id }, now))).toBe("not_found");
      expect(await refusal(getKey(other, id, now))).toBe("not_found");
    }
    expect(await db.apiKey.findUniqueOrThrow({ where: { id: keyId }, include: { secrets: true } })).toEqual(before);
    const denied = (await auditOf(keyId)).filter(({ action }) => action === "access.denied");
    expect(denied).toHaveLength(8);
    expect(denied[0]).toMatchObject({ actorId: other.memberId, memberId: null, after: { attempted: "key.rotate" } });
  });

  test("is an admin's to change", async () => {
    const { keyId } = await newKey(me);
    await rotateKey(admin, { keyId, graceMs: 0 }, now);
    await revokeKey(admin, { keyId }, now);
    expect(await auditOf(keyId)).toMatchObject([{}, { actorId: admin.memberId, memberId: me.memberId }, {}]);
  });

  test("stays hidden from a role nobody knows", async () => {
    const { keyId } = await newKey(me);
    const stranger = { ...(await person()), role: "SUPERVISOR" as Role };
    expect(await refusal(getKey(stranger, keyId, now))).toBe("not_found");
  });
});

test("audit rows are refused every change", async () => {
  const { keyId } = await newKey(me);
  const [row] = await auditOf(keyId);
  await expect(db.auditEvent.update({ where: { id: row?.id ?? "" }, data: { action: "x" } })).rejects.toThrow();
  await expect(db.auditEvent.deleteMany({ where: { targetId: keyId } })).rejects.toThrow(/append-only/);
});
