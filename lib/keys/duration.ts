const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A century: longer is a mistake, and dates stay valid. */
const LONGEST_MS = 36_525 * UNIT_MS.d;

/** Milliseconds of `12s`, `15m`, `24h` or `90d`; null for anything else. `0s` is no time at all. */
export function parseDuration(text: string): number | null {
  const found = /^(\d{1,9})([smhd])$/.exec(text.trim());
  if (!found) return null;
  const ms = Number(found[1]) * UNIT_MS[found[2] as keyof typeof UNIT_MS];
  return ms <= LONGEST_MS ? ms : null;
}
