import { AppError } from "../errors";

/** Asking `Intl` takes a tenth of a millisecond, and every query asks. */
const known = new Set<string>();
const MOST_KNOWN = 1_000;

/** The same name if it is a time zone both we and PostgreSQL know by name; throws `invalid_request` otherwise. */
export function knownTimeZone(name: string): string {
  if (known.has(name)) return name;
  // Offsets are refused: PostgreSQL reads the sign of "+05:45" the other way round.
  if (/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) {
    try {
      new Intl.DateTimeFormat("en", { timeZone: name });
      if (known.size < MOST_KNOWN) known.add(name);
      return name; // as it was given: what Intl resolves it to may be an older name
    } catch {}
  }
  throw new AppError("invalid_request", "There is no such time zone.", { param: "timeZone" });
}
