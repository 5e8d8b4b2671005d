import { type Actor, isAdmin } from "../auth/member";
import { AppError } from "../errors";
import { usdText } from "../micro-usd";
import { latestExpiry } from "./expiry";
import { firstExcess, type KeyPolicy, type LimitName, type Limits } from "./limits";
import { isLive } from "./status";

const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;

/** Throws `conflict` for a key that was revoked or has expired: its end is final. */
export function requireLive(key: { revokedAt: Date | null; expiresAt: Date | null }, now: Date) {
  if (isLive(key, now)) return;
  const ended = key.revokedAt ? "been revoked" : "expired";
  throw new AppError("conflict", `This key has ${ended} and cannot be changed. Create a new one.`);
}

type Expiry = { expiresAt: Date | null; createdAt: Date; now: Date; policy: KeyPolicy };

/** Throws `invalid_request` for an end in the past, or beyond the longest life the policy allows. */
export function requireExpiry(actor: Actor, { expiresAt, createdAt, now, policy }: Expiry) {
  const param = "expires";
  if (expiresAt !== null && expiresAt <= now) {
    throw new AppError("invalid_request", "Choose an end in the future.", { param });
  }
  const latest = latestExpiry(createdAt, policy);
  if (isOperator(actor) || latest === null || (expiresAt !== null && expiresAt <= latest)) return;
  const days = counted(policy.maxKeyDays, "day");
  throw new AppError("invalid_request", `The team's policy lets a key live for at most ${days}.`, { param });
}

/** Throws `invalid_request` for a longer grace period than the policy allows. */
export function requireGrace(actor: Actor, graceMs: number, { maxGraceHours }: KeyPolicy) {
  if (isOperator(actor) || graceMs <= maxGraceHours * HOUR_MS) return;
  const isWholeDays = maxGraceHours % DAY_HOURS === 0;
  const most = isWholeDays ? counted(maxGraceHours / DAY_HOURS, "day") : counted(maxGraceHours, "hour");
  throw new AppError("invalid_request", `The team's policy allows a grace period of at most ${most}.`, {
    param: "graceMs",
  });
}

const LIMIT_WORDS: Record<LimitName, string> = {
  rpm: "requests a minute",
  tpm: "tokens a minute",
  concurrency: "parallel requests",
  monthlyTokens: "tokens a month",
  monthlyMicroUsd: "dollars a month",
};

type Member = Limits & { role: "OWNER" | "ADMIN" | "MEMBER" };
type Wish = { wanted: Partial<Limits>; current: Limits; member: Member; policy: KeyPolicy };

/** Throws `invalid_request`, with the field as `param`, for a figure above what this actor may set. */
export function requireLimits(actor: Actor, { wanted, current, member, policy }: Wish) {
  const by = isOperator(actor) ? "operator" : isAdmin(actor) ? "admin" : "member";
  const excess = firstExcess({ wanted, current, member, role: policy.roleLimits[member.role], by });
  if (excess === null) return;
  const highest = excess.name === "monthlyMicroUsd" ? usdText(excess.highest) : excess.highest.toLocaleString("en-US");
  throw new AppError("invalid_request", `At most ${highest} ${LIMIT_WORDS[excess.name]} can be set here.`, {
    param: excess.name,
  });
}

/** Throws `invalid_request` for rotating more rarely than the policy asks. */
export function requireRotation(actor: Actor, days: number | null | undefined, { rotateEveryDays }: KeyPolicy) {
  if (isOperator(actor) || days === undefined || days === null) return;
  if (rotateEveryDays === null || days <= rotateEveryDays) return;
  const most = counted(rotateEveryDays, "day");
  throw new AppError("invalid_request", `The team's policy asks for a rotation at least every ${most}.`, {
    param: "rotateEveryDays",
  });
}

/** What the operator's command line sets may exceed the policy. */
function isOperator(actor: Actor) {
  return actor.kind === "cli";
}

function counted(count: number | null, unit: "day" | "hour") {
  return `${count} ${count === 1 ? unit : `${unit}s`}`;
}
