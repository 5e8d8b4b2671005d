const MICRO = 1_000_000;

/** Whole micro-dollars of an amount typed in dollars (`0.78`, `$12`), exactly; null for anything else, and below a micro-dollar. */
export function parseUsd(text: string): number | null {
  const found = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!found?.[1]) return null;
  // Digits, not floating point: 0.29 * 1,000,000 is not 290,000.
  return Number(found[1]) * MICRO + Number((found[2] ?? "").padEnd(6, "0"));
}

/** The amount in dollars as it would be typed: `0.78`, `12`. */
export function usdText(microUsd: number): string {
  const dollars = Math.floor(microUsd / MICRO);
  const rest = String(microUsd % MICRO)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return rest === "" ? String(dollars) : `${dollars}.${rest.padEnd(2, "0")}`;
}
