import { parseDuration } from "./duration";

const DAY_MS = 86_400_000;

/** How somebody said when a key ends. */
export type ExpiryChoice =
  | { kind: "default" }
  | { kind: "never" }
  | { kind: "after"; ms: number }
  | { kind: "at"; at: Date };

/** Reads `default`, `never`, a duration such as `90d`, or an ISO date or time (a date alone: its first moment in UTC). Null: none of these. */
export function parseExpiry(text: string): ExpiryChoice | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "default") return { kind: "default" };
  if (trimmed === "never") return { kind: "never" };
  const ms = parseDuration(trimmed);
  if (ms !== null) return { kind: "after", ms };
  // Without a zone the time would be the server's own, wherever that stands.
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(trimmed)) return null;
  const at = new Date(trimmed);
  return Number.isNaN(at.getTime()) ? null : { kind: "at", at };
}

type Rules = { maxKeyDays: number | null; defaultKeyDays: number | null };

/** The moment a choice means at `now`; null: never. The default is cut to the longest life the rules allow. */
export function expiryAt(choice: ExpiryChoice, now: Date, rules: Rules): Date | null {
  if (choice.kind === "never") return null;
  if (choice.kind === "at") return choice.at;
  if (choice.kind === "after") return new Date(now.getTime() + choice.ms);
  const days = rules.defaultKeyDays ?? rules.maxKeyDays;
  if (days === null) return null;
  return new Date(now.getTime() + Math.min(days, rules.maxKeyDays ?? days) * DAY_MS);
}

/** The last moment a key made at `createdAt` may live to; null: no limit. */
export function latestExpiry(createdAt: Date, { maxKeyDays }: Pick<Rules, "maxKeyDays">) {
  return maxKeyDays === null ? null : new Date(createdAt.getTime() + maxKeyDays * DAY_MS);
}
