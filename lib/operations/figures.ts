/** One number of a metric; `metricName` where it stands under another name than its metric's, as buckets do. */
export type Sample = { labels: Readonly<Record<string, string | number>>; value: number; metricName?: string };

/** One metric with all its numbers, in the shape that prom-client adds up and writes out. Travels between processes as JSON. */
export type Figure = {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  /** How the same number of several processes becomes one. */
  aggregator: "sum" | "min" | "max" | "first";
  values: Sample[];
};

/** What only ever grows, added up over processes. */
export function counter(name: string, help: string, values: Sample[]): Figure {
  return { name, help, type: "counter", aggregator: "sum", values };
}

/** What goes up and down. */
export function gauge(
  name: string,
  help: string,
  values: number | Sample[],
  aggregator: Figure["aggregator"] = "sum",
): Figure {
  const samples = typeof values === "number" ? [{ labels: {}, value: values }] : values;
  return { name, help, type: "gauge", aggregator, values: samples };
}

/** Durations in bins, added up over processes. */
export function histogram(name: string, help: string, values: Sample[]): Figure {
  return { name, help, type: "histogram", aggregator: "sum", values };
}

/** Whether a figure of a process that has ended still counts: a sum that shrank would look like a restart of everything. */
export function outlivesItsProcess({ type }: Figure): boolean {
  return type !== "gauge";
}
