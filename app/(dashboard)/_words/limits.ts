import type { LimitName } from "@/lib/keys/limits";

/** The limits as forms name and call them; money is in dollars there. */
export const LIMIT_FIELDS: readonly { limit: LimitName; field: string; label: string; unit?: string }[] = [
  { limit: "rpm", field: "rpm", label: "Requests a minute" },
  { limit: "tpm", field: "tpm", label: "Tokens a minute" },
  { limit: "concurrency", field: "concurrency", label: "In parallel" },
  { limit: "monthlyTokens", field: "monthlyTokens", label: "Tokens a month" },
  { limit: "monthlyMicroUsd", field: "monthlyUsd", label: "GPU dollars a month", unit: "USD" },
];

/** A limit as its field shows it; empty: not limited here. */
export function shownLimit(limit: LimitName, value: number | null): string {
  if (value === null) return "";
  return String(limit === "monthlyMicroUsd" ? value / 1_000_000 : value);
}

/** What holds where the field is left empty. */
export function placeholderOf(limit: LimitName, value: number | null): string {
  if (value === null) return "No limit";
  const figure = limit === "monthlyMicroUsd" ? value / 1_000_000 : value;
  return `${figure.toLocaleString("en-US")}, the default`;
}
