const NICE = [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10];

export type Scale = { top: number; ticks: number[] };

/** A scale from zero with three to five lines at round values, its top at or above `most`. */
export function scaleFor(most: number, { whole = true }: { whole?: boolean } = {}): Scale {
  if (most <= 0) return { top: 1, ticks: [0, 1] };
  const raw = most / 4;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const nice = NICE.map((factor) => factor * magnitude).find((step) => step >= raw * 0.999) ?? raw;
  const step = whole ? Math.max(1, Math.ceil(nice)) : nice;
  const lines = Math.ceil(most / step - 1e-9);
  return { top: step * lines, ticks: Array.from({ length: lines + 1 }, (_, index) => index * step) };
}
