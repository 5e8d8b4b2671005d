import type { Spread } from "./statistics";

/** One line of the table. `value` is what the target speaks of, a ratio or a time; `detail` is how it came about. */
export type Figure = {
  name: string;
  value: Spread;
  unit: "" | "×" | "ms" | "µs" | "MB" | "errors" | "rows";
  detail: string;
  /** Which way is better, what must be reached, and what is hoped for. */
  goal: { better: "more" | "less"; least: number; aim: number } | null;
};

const digits = (value: number) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

function shown(value: number) {
  if (!Number.isFinite(value)) return "–";
  return Number.isInteger(value) ? String(value) : value.toFixed(digits(value));
}

function verdict({ goal, value }: Figure) {
  if (goal === null) return "";
  const reaches = (limit: number) => (goal.better === "more" ? value.median >= limit : value.median <= limit);
  if (reaches(goal.aim)) return "aim";
  return reaches(goal.least) ? "reached" : "MISSED";
}

/** The figures as a Markdown table that is also fit to be read in a terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const header = ["figure", "median (range of rounds)", "at least", "aim", "", "how"];
  const sign = (goal: Figure["goal"]) => (goal?.better === "less" ? "≤ " : "");
  const rows = figures.map((figure) => {
    const { value, unit, goal } = figure;
    const range = value.rounds > 1 ? ` (${shown(value.least)}–${shown(value.most)})` : "";
    const limit = (number: number | undefined) => (number === undefined ? "" : `${sign(goal)}${number} ${unit}`);
    return [
      figure.name,
      `${shown(value.median)} ${unit}${range}`,
      limit(goal?.least),
      limit(goal?.aim),
      verdict(figure),
      figure.detail,
    ];
  });
  const widths = header.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
