import { rotationDueAt, rotationRhythm } from "../rotation";

/** So many days before a key's end or its rotation its member is told. */
export const REMINDER_DAYS = [14, 3, 1] as const;

export type ReminderDays = (typeof REMINDER_DAYS)[number];

/** A date that concerns whoever uses a key. `since` is from when it could be foreseen. */
export type Deadline = { kind: "expiry" | "rotation"; at: Date; since: Date };

type KeyDates = {
  createdAt: Date;
  expiresAt: Date | null;
  currentSecretAt: Date | null;
  /** The key's own rhythm and the policy's, in days. */
  rotateEveryDays: number | null;
  policyRotateEveryDays: number | null;
};

const DAY_MS = 86_400_000;

/** What comes for a key: its end, and its rotation where that comes first. */
export function deadlinesOf(key: KeyDates): Deadline[] {
  const { createdAt, expiresAt, currentSecretAt } = key;
  const rhythm = rotationRhythm(key.rotateEveryDays, key.policyRotateEveryDays);
  const dueAt = rotationDueAt({ currentSecretAt, rotateEveryDays: rhythm });
  const deadlines: Deadline[] = [];
  if (expiresAt) deadlines.push({ kind: "expiry", at: expiresAt, since: createdAt });
  // A key that ends before needs no new secret.
  if (dueAt && currentSecretAt && !(expiresAt && expiresAt <= dueAt)) {
    deadlines.push({ kind: "rotation", at: dueAt, since: currentSecretAt });
  }
  return deadlines;
}

/**
 * The step that stands at `now`: the nearest that has been reached. An earlier one that was missed is over and never made up
 * for, and one that lies before the date could be foreseen is none: a key of a week is not announced two weeks ahead.
 */
export function stepAt({ at, since }: Deadline, now: Date): ReminderDays | null {
  if (now >= at) return null;
  const reached = REMINDER_DAYS.findLast((days) => at.getTime() - days * DAY_MS <= now.getTime());
  if (reached === undefined || at.getTime() - reached * DAY_MS < since.getTime()) return null;
  return reached;
}

/** Whether a rotation is overdue at `now`. An end that has passed is no longer announced: the key's status says it. */
export function isOverdue({ kind, at }: Deadline, now: Date) {
  return kind === "rotation" && at <= now;
}
