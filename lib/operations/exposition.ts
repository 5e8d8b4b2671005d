import type { Figure } from "./figures";
import type { Exposition } from "./metrics-access";

/** The figures of several processes as one, in Prometheus' text format. */
export async function expose(ofProcesses: readonly Figure[][]): Promise<Exposition> {
  const registry = await aggregated(ofProcesses);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** The figures of several processes as one. */
export async function addUp(ofProcesses: readonly Figure[][]): Promise<Figure[]> {
  const registry = await aggregated(ofProcesses);
  const figures: unknown = await registry.getMetricsAsJSON();
  return figures as Figure[];
}

/** Loaded by the first scrape: most processes that hold this code are never asked. */
async function aggregated(ofProcesses: readonly Figure[][]) {
  const { AggregatorRegistry } = await import("prom-client");
  return AggregatorRegistry.aggregate([...ofProcesses]);
}
