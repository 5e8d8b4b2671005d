import { recordAudit } from "../audit/record";
import { db } from "../db";
import { isTooLong, verifyPassword } from "./password";
import { normalEmail } from "./schema";
import type { Browser } from "./sessions";
import { systemActor } from "./system-actor";
import { type Admission, type Attempt, admission, countAttempt, forgiveAttempt } from "./throttle";

export type SignInOutcome =
  | { kind: "signed_in"; memberId: string }
  /** Wrong password, no such member, disabled, no password set: nobody outside learns which. */
  | { kind: "refused" }
  | { kind: "too_long" }
  /** `until` null: waiting does not help, a reset link does. */
  | { kind: "throttled"; until: Date | null };

/** Checks an e-mail address and a password. All refusals take the same time and the same queries. */
export async function signInWithPassword(
  given: { email: string; password: string },
  browser: Browser,
  now: Date,
): Promise<SignInOutcome> {
  if (isTooLong(given.password) || given.email.length > 320) return { kind: "too_long" };
  const attempt = { email: normalEmail(given.email), address: browser.ip };
  const verdict = admission(await countAttempt(attempt, now));
  const member = await db.user.findUnique({
    where: { email: attempt.email },
    select: { id: true, disabledAt: true, passwordHash: true },
  });
  if (!verdict.allowed) {
    if (verdict.isFirst) await auditThrottle(verdict.reason, attempt, member?.id ?? null, now);
    return { kind: "throttled", until: verdict.until };
  }
  const isRight = await verifyPassword(member?.passwordHash ?? null, given.password);
  if (!member || !isRight || member.disabledAt !== null) return { kind: "refused" };
  await forgiveAttempt(attempt);
  return { kind: "signed_in", memberId: member.id };
}

type Reason = Extract<Admission, { allowed: false }>["reason"];

/** One row for each time a limit is reached, not one for each attempt: whoever hammers must not be able to fill the log. */
async function auditThrottle(reason: Reason, { address }: Attempt, memberId: string | null, now: Date) {
  const target = { targetKind: "member", targetId: memberId, memberId } as const;
  await recordAudit(db, systemActor(address), { action: "sign_in.throttle", ...target, after: { reason }, at: now });
}
