import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { db } from "@/lib/db";
import { statusOf } from "@/lib/keys/status";
import { PEOPLE } from "./people";
import { seedTeam } from "./team";
import { seedUsage } from "./usage";

const now = new Date();

test("a seeded team has forty keys in every state, and usage that its rollups agree with", {
  timeout: 60_000,
}, async () => {
  const { passes, shown } = await seedTeam(now);
  const said: string[] = [];
  await seedUsage({
    databaseUrl: process.env.DATABASE_URL ?? "",
    passes,
    podId: randomUUID(),
    events: 4_000,
    sumUp: false,
    now,
    say: (text) => said.push(text),
  });
  // Throws where they don't agree; this is what it has counted.
  expect(said.at(-1)).toContain('"requests":4000');

  const ids = [...new Set(passes.map(({ keyId }) => keyId))];
  const keys = await db.apiKey.findMany({ where: { id: { in: ids } }, include: { secrets: true, member: true } });
  expect(keys).toHaveLength(40);
  const states = new Set(keys.map((key) => statusOf(key, now).status));
  expect([...states].sort()).toEqual(["active", "disabled", "expired", "expiring", "revoked", "rotating"]);
  expect(keys.some(({ secrets }) => secrets.every(({ lastUsedAt }) => lastUsedAt === null))).toBe(true);
  expect(new Set(keys.map(({ memberId }) => memberId)).size).toBe(PEOPLE.length);
  expect(new Set(shown.map(({ secret }) => secret)).size).toBe(shown.length);

  const [{ late, early } = { late: null, early: null }] = await db.$queryRaw<{ late: bigint; early: bigint }[]>`
    SELECT count(*) FILTER (WHERE e.at > ${now}) AS late, count(*) FILTER (WHERE e.at < k.created_at) AS early
    FROM usage_events e JOIN api_keys k ON k.id = e.key_id WHERE k.id = ANY(${ids}::uuid[])`;
  expect([Number(late), Number(early)], "nothing is used before it is made, or in time to come").toEqual([0, 0]);
});
