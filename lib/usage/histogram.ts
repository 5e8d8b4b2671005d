/** What pages show of a spread of durations, in milliseconds. */
export type Percentiles = { p50: number; p95: number; p99: number };

/** One bin of a histogram and how many durations fell into it. */
export type Bin = { bin: number; count: number };

/** Bin i covers 2^(i/4) up to 2^((i+1)/4) ms: a percentile read from it is off by at most 9 %. Below 1 ms all is bin 0. */
export function binOf(ms: number) {
  // The hair on top outweighs rounding in the logarithm at whole powers of two, here as in the database.
  return Math.floor((4 * Math.log(Math.max(ms, 1))) / Math.LN2 + 1e-12);
}

/** The durations a bin stands for, by the geometric middle of its bounds. */
export function middleOf(bin: number) {
  return 2 ** ((bin + 0.5) / 4);
}

/** The value below which `share` of all durations lie, whole milliseconds; null where there are none. */
export function percentile(bins: readonly Bin[], share: number): number | null {
  const sorted = [...bins].sort((a, b) => a.bin - b.bin);
  const total = sorted.reduce((sum, { count }) => sum + count, 0);
  let rest = Math.max(1, Math.ceil(total * share));
  for (const { bin, count } of sorted) {
    rest -= count;
    if (rest <= 0) return Math.round(middleOf(bin));
  }
  return null;
}

/** Median and tails of merged bins; null where nothing was measured. */
export function percentilesOf(bins: readonly Bin[]): Percentiles | null {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(bins, share));
  return p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 };
}

/** Several histograms as one. */
export function mergeBins(histograms: readonly (readonly Bin[])[]): Bin[] {
  const counts = new Map<number, number>();
  for (const { bin, count } of histograms.flat()) counts.set(bin, (counts.get(bin) ?? 0) + count);
  return [...counts].map(([bin, count]) => ({ bin, count }));
}
