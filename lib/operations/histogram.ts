import type { Sample } from "./figures";

/** Upper bounds in seconds, from 1 ms to 10 min; the last bin, without a bound, is what takes longer still. */
export const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
] as const;

/** Podpass' own time is mostly below that. */
export const FINE_SECONDS = [0.0001, 0.00025, 0.0005, ...SECONDS] as const;

/** Durations counted in bins, a row of them for each label. Plain arrays: counting one takes some ten nanoseconds. */
export class Histogram {
  private readonly bounds: readonly number[];
  /** Each row: one count a bin, the one without a bound last, then the sum of all durations. */
  private readonly rows: Float64Array[] = [];

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** Counts a duration in milliseconds. What is no duration at all is left out. */
  observe(label: number, ms: number) {
    if (!(ms >= 0)) return;
    this.rows[label] ??= new Float64Array(this.bounds.length + 2);
    const row = this.rows[label];
    const seconds = ms / 1_000;
    let bin = 0;
    while (bin < this.bounds.length && seconds > (this.bounds[bin] ?? 0)) bin += 1;
    row[bin] = (row[bin] ?? 0) + 1;
    const sum = this.bounds.length + 1;
    row[sum] = (row[sum] ?? 0) + seconds;
  }

  /** Cumulative buckets, sum and count under the metric's name, as Prometheus wants them. */
  samples(name: string, labelsOf: (label: number) => Record<string, string>): Sample[] {
    return this.rows.flatMap((row, label) => {
      const labels = labelsOf(label);
      let count = 0;
      const buckets = [...this.bounds, "+Inf" as const].map((le, bin): Sample => {
        count += row[bin] ?? 0;
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
      });
      const sum = row[this.bounds.length + 1] ?? 0;
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
  }
}
