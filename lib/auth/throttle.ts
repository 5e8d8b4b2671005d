import { createHmac } from "node:crypto";
import { db } from "../db";
import { env } from "../env";
import { deriveKey } from "../secrets";

export const WINDOW_MS = 15 * 60_000;

/** Wrong passwords in a window for one account from one address. */
export const PAIR_FAILURES = 10;

/** Wrong passwords in a window from one address, whatever the account. */
export const ADDRESS_FAILURES = 50;

/** Wrong passwords in a row for one account, over all windows and addresses. After that only a reset link opens it. */
export const ACCOUNT_STREAK = 100;

/** What has been counted, this attempt included. Null: not counted, because something before it refuses already. */
export type Counts = {
  pair: { failures: number; windowStartedAt: Date };
  address: { failures: number; windowStartedAt: Date } | null;
  account: { streak: number } | null;
};

export type Admission =
  | { allowed: true }
  /** `isFirst`: the attempt that tripped it, the one worth an audit row. `until` null: waiting does not help. */
  | { allowed: false; reason: "pair" | "address" | "account"; until: Date | null; isFirst: boolean };

/** Whether a password may be tried at all, by what has been counted. */
export function admission({ pair, address, account }: Counts): Admission {
  const windowEnd = (startedAt: Date) => new Date(startedAt.getTime() + WINDOW_MS);
  if (pair.failures > PAIR_FAILURES) {
    const isFirst = pair.failures === PAIR_FAILURES + 1;
    return { allowed: false, reason: "pair", until: windowEnd(pair.windowStartedAt), isFirst };
  }
  if (address && address.failures > ADDRESS_FAILURES) {
    const isFirst = address.failures === ADDRESS_FAILURES + 1;
    return { allowed: false, reason: "address", until: windowEnd(address.windowStartedAt), isFirst };
  }
  if (account && account.streak > ACCOUNT_STREAK) {
    return { allowed: false, reason: "account", until: null, isFirst: account.streak === ACCOUNT_STREAK + 1 };
  }
  return { allowed: true };
}

export type Attempt = { email: string; address: string | null };

/** Hashed, so that the table names nobody: strangers' addresses end up in it too. */
function subject(kind: "pair" | "ip" | "account", ...parts: string[]) {
  const key = deriveKey(env.PODPASS_SECRET, "throttleSubject");
  return `${kind}:${createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url")}`;
}

function subjectsOf({ email, address }: Attempt) {
  return {
    pair: subject("pair", email, address ?? ""),
    // Unknown addresses are not one address: counting them together would let one stranger shut out everybody.
    ip: address === null ? null : subject("ip", address),
    account: subject("account", email),
  };
}

type Row = {
  pair_failures: number;
  pair_started: Date;
  ip_failures: number | null;
  ip_started: Date | null;
  streak: number | null;
};

/**
 * Counts an attempt as failed before the password is looked at, in one statement, so that of many attempts at once no more
 * get through than of many in a row. What is refused by one count is not added to the next: hammering a closed door
 * does not use up the account's own streak.
 */
export async function countAttempt(attempt: Attempt, now: Date): Promise<Counts> {
  const { pair, ip, account } = subjectsOf(attempt);
  const windowStart = new Date(now.getTime() - WINDOW_MS);
  const rows = await db.$queryRaw<Row[]>`
    WITH pair AS (
      INSERT INTO sign_in_throttles AS t (subject, failures, window_started_at, streak) VALUES (${pair}, 1, ${now}, 1)
      ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN t.window_started_at <= ${windowStart} THEN 1 ELSE t.failures + 1 END,
        window_started_at = CASE WHEN t.window_started_at <= ${windowStart} THEN ${now} ELSE t.window_started_at END,
        streak = t.streak + 1
      RETURNING failures, window_started_at
    ), ip AS (
      INSERT INTO sign_in_throttles AS t (subject, failures, window_started_at, streak)
      SELECT ${ip}, 1, ${now}, 1 FROM pair WHERE ${ip}::text IS NOT NULL AND failures <= ${PAIR_FAILURES}
      ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN t.window_started_at <= ${windowStart} THEN 1 ELSE t.failures + 1 END,
        window_started_at = CASE WHEN t.window_started_at <= ${windowStart} THEN ${now} ELSE t.window_started_at END,
        streak = t.streak + 1
      RETURNING failures, window_started_at
    ), account AS (
      INSERT INTO sign_in_throttles AS t (subject, failures, window_started_at, streak)
      SELECT ${account}, 1, ${now}, 1 FROM pair
      WHERE failures <= ${PAIR_FAILURES} AND NOT EXISTS (SELECT 1 FROM ip WHERE failures > ${ADDRESS_FAILURES})
      ON CONFLICT (subject) DO UPDATE SET failures = t.failures + 1, window_started_at = ${now}, streak = t.streak + 1
      RETURNING streak
    )
    SELECT pair.failures AS pair_failures, pair.window_started_at AS pair_started,
      ip.failures AS ip_failures, ip.window_started_at AS ip_started, account.streak
    FROM pair LEFT JOIN ip ON true LEFT JOIN account ON true`;
  const row = rows[0];
  if (!row) throw new Error("counting a sign-in returned nothing");
  await forgetOld(now);
  const { ip_failures: failures, ip_started: windowStartedAt, streak } = row;
  return {
    pair: { failures: row.pair_failures, windowStartedAt: row.pair_started },
    address: failures === null || windowStartedAt === null ? null : { failures, windowStartedAt },
    account: streak === null ? null : { streak },
  };
}

/** The password was right: the pair and the account start afresh, and the address gets its attempt back. */
export async function forgiveAttempt(attempt: Attempt): Promise<void> {
  const { pair, ip, account } = subjectsOf(attempt);
  await db.signInThrottle.deleteMany({ where: { subject: { in: [pair, account] } } });
  if (ip === null) return;
  await db.signInThrottle.updateMany({
    where: { subject: ip, failures: { gt: 0 } },
    data: { failures: { decrement: 1 } },
  });
}

/** A new password was chosen through a link: what was counted against the account is over. */
export async function forgiveAccount(tx: Pick<typeof db, "signInThrottle">, email: string): Promise<void> {
  await tx.signInThrottle.deleteMany({ where: { subject: subject("account", email) } });
}

const FORGET_EVERY_MS = 3_600_000;
let forgottenAt = 0;

/** Drops windows that ended a day ago and accounts nobody has tried for 90 days, so that strangers can't fill the table. */
async function forgetOld(now: Date) {
  if (now.getTime() - forgottenAt < FORGET_EVERY_MS) return;
  forgottenAt = now.getTime();
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
  await db.signInThrottle.deleteMany({
    where: {
      OR: [
        { windowStartedAt: { lt: ago(1) }, NOT: { subject: { startsWith: "account:" } } },
        { windowStartedAt: { lt: ago(90) } },
      ],
    },
  });
}
