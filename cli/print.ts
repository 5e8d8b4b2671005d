/** Rows in columns as wide as their widest cell, under their headings. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...rows.map((row) => [...(row[index] ?? "")].length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell + " ".repeat(Math.max(0, (widths[index] ?? 0) - [...cell].length)))
      .join("  ")
      .trimEnd();
  return [headings, ...rows].map(line).join("\n");
}

/** `2026-11-22 14:05 UTC`, or a word where there is no time. */
export function time(at: Date | null, none: string): string {
  return at === null ? none : `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
