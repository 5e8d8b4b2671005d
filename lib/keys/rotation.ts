import { parseDuration } from "./duration";

/** How long the old secret may keep working, as offered to people; any other duration up to the policy's cap is fine too. */
export const GRACE_CHOICES = [
  { value: "0s", graceMs: 0 },
  { value: "15m", graceMs: 15 * 60_000 },
  { value: "1h", graceMs: 3_600_000 },
  { value: "24h", graceMs: 24 * 3_600_000 },
  { value: "7d", graceMs: 7 * 24 * 3_600_000 },
] as const;

/** Milliseconds of a grace period given as a duration (`24h`) or as `now`; null for anything else. */
export function parseGrace(text: string): number | null {
  return text.trim() === "now" ? 0 : parseDuration(text);
}

type Rotation = { rotatedAt: Date; graceMs: number; keyExpiresAt: Date | null };

/** When the outgoing secret stops: after the grace period, but never later than its key. */
export function outgoingExpiresAt({ rotatedAt, graceMs, keyExpiresAt }: Rotation) {
  const graceEndsAt = new Date(rotatedAt.getTime() + graceMs);
  return keyExpiresAt && keyExpiresAt < graceEndsAt ? keyExpiresAt : graceEndsAt;
}

/** How often a secret is to be renewed, in days: the shorter of what the key and the team's policy ask for. Null: when somebody wants. */
export function rotationRhythm(own: number | null, policy: number | null) {
  if (own === null || policy === null) return own ?? policy;
  return Math.min(own, policy);
}

type Schedule = { currentSecretAt: Date | null; rotateEveryDays: number | null };

/** When the next rotation is due, counted from the current secret; null where none is asked for. */
export function rotationDueAt({ currentSecretAt, rotateEveryDays }: Schedule) {
  if (!currentSecretAt || rotateEveryDays === null) return null;
  return new Date(currentSecretAt.getTime() + rotateEveryDays * 86_400_000);
}
