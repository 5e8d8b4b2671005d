import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { type Actor, asProven } from "../auth/member";
import { db } from "../db";
import { env } from "../env";
import { loadCaller } from "../gateway/queries";
import { deriveKey } from "../secrets";
import { createKey, disableKey, enableKey, endOutgoingSecret, revokeKey, rotateKey, updateLimits } from "./mutations";
import { createKeySchema } from "./schema";
import { digestOf } from "./secret";
import { verdictOn } from "./verdict";

const HOUR = 3_600_000;
const now = new Date("2026-11-22T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);

let me: Actor;
beforeAll(async () => {
  const email = `${randomUUID()}@example.com`;
  const { id } = await db.user.create({ data: { email, name: "Somebody" }, select: { id: true } });
  me = { kind: "member", memberId: asProven(id), role: "MEMBER", ip: null, requestId: randomUUID() };
});

const newKey = (fields: object = {}) => createKey(me, createKeySchema.parse({ name: "laptop", ...fields }), now);

/** What the gateway says to a secret at a moment. */
async function verdict(secret: string, moment: Date) {
  const facts = await loadCaller(digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper")));
  if (facts === null) return "unknown";
  const { ok, ...dead } = verdictOn(facts, moment.getTime());
  return ok ? "live" : "code" in dead ? dead.code : "dead";
}

test("a rotation leaves both secrets working until the grace period is over", async () => {
  const old = await newKey();
  const fresh = await rotateKey(me, { keyId: old.keyId, graceMs: HOUR }, now);
  expect(await verdict(old.secret, later(HOUR - 1))).toBe("live");
  expect(await verdict(old.secret, later(HOUR))).toBe("key_rotated");
  expect(await verdict(fresh.secret, now)).toBe("live");
  expect(await verdict(fresh.secret, later(HOUR))).toBe("live");
});

test("a leaked secret is over at once, also by a clock that is behind", async () => {
  const old = await newKey();
  const fresh = await rotateKey(me, { keyId: old.keyId, graceMs: 0 }, now);
  expect(await verdict(old.secret, later(-HOUR))).toBe("key_rotated");
  expect(await verdict(fresh.secret, now)).toBe("live");
  const next = await rotateKey(me, { keyId: old.keyId, graceMs: HOUR }, now);
  await endOutgoingSecret(me, { keyId: old.keyId }, now);
  expect(await verdict(fresh.secret, later(-HOUR))).toBe("key_rotated");
  expect(await verdict(next.secret, now)).toBe("live");
});

test("rotating twice ends the oldest, and revoking ends what is left", async () => {
  const first = await newKey();
  const second = await rotateKey(me, { keyId: first.keyId, graceMs: HOUR }, now);
  const third = await rotateKey(me, { keyId: first.keyId, graceMs: HOUR }, now);
  const all = () => Promise.all([first, second, third].map(({ secret }) => verdict(secret, now)));
  expect(await all()).toEqual(["key_rotated", "live", "live"]);
  await revokeKey(me, { keyId: first.keyId }, now);
  expect(await all()).toEqual(["key_revoked", "key_revoked", "key_revoked"]);
});

test("an expiry ends every secret, and none outlives it", async () => {
  const old = await newKey({ expires: "30m" });
  const fresh = await rotateKey(me, { keyId: old.keyId, graceMs: HOUR }, now);
  expect(await verdict(old.secret, later(HOUR / 2 - 1))).toBe("live");
  expect(await verdict(old.secret, later(HOUR / 2))).toBe("key_expired");
  expect(await verdict(fresh.secret, later(HOUR / 2))).toBe("key_expired");
  await updateLimits(me, { keyId: old.keyId, expires: { kind: "after", ms: 2 * HOUR } }, now);
  expect(await verdict(fresh.secret, later(HOUR))).toBe("live");
});

test("disabling stops a key until it is enabled", async () => {
  const { keyId, secret } = await newKey();
  await disableKey(me, { keyId }, now);
  expect(await verdict(secret, now)).toBe("key_disabled");
  await enableKey(me, { keyId }, now);
  expect(await verdict(secret, now)).toBe("live");
});
