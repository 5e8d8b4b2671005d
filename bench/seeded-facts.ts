// `node seeded-facts.mjs`: what to ask the pages of a seeded database for, and sessions to ask with, as JSON.
import { sealSessionId } from "@/lib/auth/session-cookie";
import { beginSession } from "@/lib/auth/sessions";
import { db } from "@/lib/db";
import { postgres } from "@/lib/postgres";

/** What is printed. `sessions` are values of cookies; the rest are ids and names to filter by. */
export type SeededFacts = {
  sessions: { owner: string; member: string };
  memberId: string;
  /** The key with the most requests, and one of the member's. */
  busyKey: string;
  ownKey: string;
  rareModel: string;
  podId: string;
  /** A request in the middle of the ninety days, of anybody and of the member. */
  request: string;
  ownRequest: string;
};

async function main(): Promise<SeededFacts> {
  const one = async (text: string, values: unknown[] = []) => {
    const { rows } = await postgres().query<{ id: string }>(text, values);
    const [row] = rows;
    if (row === undefined) throw new Error(`The seed lacks what the pages are asked for: ${text}`);
    return row.id;
  };
  const most = (column: string, where = "") =>
    `SELECT ${column} AS id FROM usage_days WHERE zone = 'UTC' ${where} GROUP BY 1 ORDER BY sum(completed)`;
  const memberId = await one(
    `${most("member_id", "AND member_id IN (SELECT id FROM users WHERE role = 'MEMBER' AND disabled_at IS NULL)")} DESC LIMIT 1`,
  );
  const middle = "FROM usage_events WHERE at < now() - interval '45 days'";
  const ownerId = await one("SELECT id FROM users WHERE role = 'OWNER' AND disabled_at IS NULL LIMIT 1");
  return {
    sessions: { owner: await sessionOf(ownerId), member: await sessionOf(memberId) },
    memberId,
    busyKey: await one(`${most("key_id")} DESC LIMIT 1`),
    ownKey: await one(`${most("key_id", "AND member_id = $1")} DESC LIMIT 1`, [memberId]),
    rareModel: await one(`${most("model", "AND model <> ''")} LIMIT 1`),
    podId: await one(`${most("pod_id")} DESC LIMIT 1`),
    request: await one(`SELECT request_id AS id ${middle} ORDER BY at DESC LIMIT 1`),
    ownRequest: await one(`SELECT request_id AS id ${middle} AND member_id = $1 ORDER BY at DESC LIMIT 1`, [memberId]),
  };
}

async function sessionOf(userId: string) {
  return sealSessionId(await beginSession(db, userId, { ip: null, userAgent: "bench" }, new Date()));
}

main().then(
  (facts) => process.stdout.write(JSON.stringify(facts), () => process.exit(0)),
  (error: unknown) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1)),
);
