import { parseDuration } from "@/lib/keys/duration";
import { CommandError } from "./command";

const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** A moment as it may be typed: a date (its first moment in UTC), a time with its zone, or a duration before now. */
export function momentOf(typed: string | undefined, option: string, now: Date): Date | null {
  if (typed === undefined) return null;
  const ago = parseDuration(typed);
  if (ago !== null) return new Date(now.getTime() - ago);
  const moment = MOMENT.test(typed) ? new Date(typed) : null;
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  throw new CommandError(
    `${option}: Use a date (2026-11-22), a time with its zone (2026-11-22T14:00:00Z), or 7d for 7 days ago.`,
  );
}
