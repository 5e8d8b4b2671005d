import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { listActivity } from "@/lib/audit/queries";
import type { Actor } from "@/lib/auth/member";
import { db } from "@/lib/db";
import { createKey } from "@/lib/keys/mutations";
import { createKeySchema } from "@/lib/keys/schema";
import type { Mail } from "@/lib/mail/send";
import { postgres } from "@/lib/postgres";
import { makeMember } from "@/test/fixtures/members";
import { forgetNetworks, noteNetworks, noteUnusualRates } from "./mutations";
import { createUsualHours } from "./usual-rates";
import { createUseWatch } from "./watch";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date("2026-11-22T12:07:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);

async function makeKey() {
  const member = await makeMember("MEMBER");
  const { keyId } = await createKey(member.actor, createKeySchema.parse({ name: "laptop" }), ago(40 * DAY));
  return { keyId, member };
}

const used = (keyId: string, address: string, at: Date) => noteNetworks([{ keyId, address }], at);
const HOME = "203.0.113.9";
const AWAY = "198.51.100.23";

async function activityOf(actor: Actor, keyId: string) {
  const { events } = await listActivity(actor, { targetId: keyId });
  return events.filter(({ action }) => action !== "key.create");
}

test("a key with a usual place that is used elsewhere is told to its member and to admins", async () => {
  const { keyId, member } = await makeKey();
  await used(keyId, HOME, ago(2 * DAY));
  expect(await used(keyId, AWAY, NOW)).toEqual([
    { kind: "network", keyId, keyName: "laptop", email: member.email, networks: ["198.51.100.0/24"] },
  ]);
  const row = {
    action: "key.new_network",
    actorName: "System",
    memberId: member.id,
    after: { networks: ["198.51.100.0/24"] },
  };
  expect(await activityOf(member.actor, keyId)).toMatchObject([{ ...row, ip: null }]);
  const admin = await makeMember("ADMIN");
  expect(await activityOf(admin.actor, keyId)).toMatchObject([{ ...row, ip: AWAY }]);
  expect(await activityOf((await makeMember("MEMBER")).actor, keyId)).toEqual([]);
});

test("the same neighbourhood is not new, in either family", async () => {
  const { keyId } = await makeKey();
  await used(keyId, HOME, ago(2 * DAY));
  await used(keyId, "2001:db8:1::1", ago(2 * DAY));
  expect(await used(keyId, "203.0.113.200", NOW)).toEqual([]);
  expect(await used(keyId, "2001:db8:1:ffff::9", NOW)).toEqual([]);
  expect(await used(keyId, "2001:db8:2::1", NOW)).toHaveLength(1);
});

test("a key that is new has no usual place, wherever it is used on its first day", async () => {
  const { keyId } = await makeKey();
  expect(
    await noteNetworks(
      [HOME, AWAY, "192.0.2.1"].map((address) => ({ keyId, address })),
      ago(DAY - 1),
    ),
  ).toEqual([]);
  expect(await used(keyId, "100.64.0.1", NOW)).toEqual([]);
});

test("of several new networks a day one alarm is made, and the next day another", async () => {
  const { keyId, member } = await makeKey();
  await used(keyId, HOME, ago(2 * DAY));
  const uses = [AWAY, "192.0.2.1"].map((address) => ({ keyId, address }));
  expect(await noteNetworks(uses, NOW)).toMatchObject([{ networks: ["192.0.2.0/24", "198.51.100.0/24"] }]);
  expect(await used(keyId, "100.64.0.1", new Date(NOW.getTime() + HOUR))).toEqual([]);
  expect(await used(keyId, "100.64.1.1", new Date(NOW.getTime() + DAY + 1))).toHaveLength(1);
  expect(await activityOf(member.actor, keyId)).toHaveLength(2);
});

test("a key that travels is left alone", async () => {
  const { keyId } = await makeKey();
  for (let network = 0; network < 11; network += 1) await used(keyId, `10.0.${network}.1`, ago(2 * DAY));
  expect(await used(keyId, AWAY, NOW)).toEqual([]);
});

test("replicas that see the same use at once tell it once", async () => {
  const { keyId, member } = await makeKey();
  await used(keyId, HOME, ago(2 * DAY));
  const alarms = await Promise.all(Array.from({ length: 8 }, () => used(keyId, AWAY, NOW)));
  expect(alarms.flat()).toHaveLength(1);
  expect(await activityOf(member.actor, keyId)).toHaveLength(1);
});

test("a network that a key was not used from for half a year is new again", async () => {
  const { keyId } = await makeKey();
  await used(keyId, HOME, ago(200 * DAY));
  await used(keyId, AWAY, ago(100 * DAY));
  await forgetNetworks(NOW);
  const rows = await db.keyNetwork.findMany({ where: { keyId }, select: { network: true } });
  expect(rows).toEqual([{ network: "198.51.100.0/24" }]);
  expect(await used(keyId, HOME, NOW)).toHaveLength(1);
});

test("of a key used from everywhere no more than five hundred networks are kept", async () => {
  const { keyId } = await makeKey();
  for (let part = 0; part < 3; part += 1) {
    const uses = Array.from({ length: 250 }, (_, index) => ({ keyId, address: `10.${part}.${index}.1` }));
    await noteNetworks(uses, NOW);
  }
  expect(await db.keyNetwork.count({ where: { keyId } })).toBe(500);
});

async function requests(keyId: string, memberId: string, at: Date, count: number) {
  const bucket = new Date(Math.floor(at.getTime() / 900_000) * 900_000);
  await postgres().query(
    `INSERT INTO usage_rollups (bucket_at, key_id, member_id, pod_id, model, completed, ttft, duration)
     VALUES ($1, $2, $3, $4, 'm', $5, '{}', '{}')`,
    [bucket, keyId, memberId, randomUUID(), count],
  );
}

/** Ten requests in one hour of each of the last `days` days. */
async function usualUse({ keyId, member }: Awaited<ReturnType<typeof makeKey>>, days: number, each = 10) {
  for (let day = 1; day <= days; day += 1) await requests(keyId, member.id, ago(day * DAY), each);
}

const unusualOf = async (keyId: string) =>
  (await noteUnusualRates(NOW, createUsualHours())).filter((alarm) => alarm.keyId === keyId);

test("ten times the usual is told once a day, with both figures", async () => {
  const key = await makeKey();
  await usualUse(key, 5);
  await requests(key.keyId, key.member.id, NOW, 100);
  expect(await unusualOf(key.keyId)).toEqual([
    { kind: "rate", keyId: key.keyId, keyName: "laptop", email: key.member.email, requests: 100, usual: 10 },
  ]);
  expect(await unusualOf(key.keyId)).toEqual([]);
  expect(await activityOf(key.member.actor, key.keyId)).toMatchObject([
    { action: "key.unusual_rate", actorName: "System", after: { requests: 100, usual: 10 } },
  ]);
});

test.each([
  ["a key without history", 0, 10, 5_000],
  ["a key of two days", 2, 10, 5_000],
  ["nine times the usual", 5, 20, 190],
  ["ten times next to nothing", 5, 1, 60],
])("%s is not told", async (_, days, each, lately) => {
  const key = await makeKey();
  await usualUse(key, days, each);
  await requests(key.keyId, key.member.id, NOW, lately);
  expect(await unusualOf(key.keyId)).toEqual([]);
});

test("a key that has had such an hour before is not told", async () => {
  const key = await makeKey();
  await usualUse(key, 13);
  await requests(key.keyId, key.member.id, ago(5 * DAY + 2 * HOUR), 80);
  await requests(key.keyId, key.member.id, NOW, 159);
  expect(await unusualOf(key.keyId)).toEqual([]);
});

test("replicas that look at once tell it once", async () => {
  const key = await makeKey();
  await usualUse(key, 5);
  await requests(key.keyId, key.member.id, NOW, 500);
  const alarms = await Promise.all(Array.from({ length: 4 }, () => unusualOf(key.keyId)));
  expect(alarms.flat()).toHaveLength(1);
});

test("the owner gets a letter that leads to the key", async () => {
  const letters: Mail[] = [];
  const watch = createUseWatch({
    log: { warn: () => undefined },
    publicUrl: "https://pass.example.org",
    sendMail: async (letter) => {
      letters.push(letter);
      return { sent: true };
    },
  });
  const { keyId, member } = await makeKey();
  await used(keyId, HOME, new Date(Date.now() - 2 * DAY));
  watch.saw(keyId, AWAY);
  watch.saw(keyId, AWAY);
  watch.saw(keyId, null);
  await watch.close();
  expect(letters).toEqual([
    { to: member.email, subject: "Your key laptop was used from a new network", text: expect.any(String) },
  ]);
  expect(letters[0]?.text).toContain("198.51.100.0/24");
  expect(letters[0]?.text).toContain(`https://pass.example.org/keys/${keyId}`);
});
