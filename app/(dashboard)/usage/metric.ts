import { compact, compactTick, duration, exact, money, moneyTick } from "@/app/_ui/figures";
import type { Measure, Measures } from "@/lib/usage/measures";
import type { Metric } from "./view";

/** Requests that failed for a reason of ours or the pod's. Rejected ones and clients that left are not among them. */
export const errorsOf = (sums: Measures) => sums.upstreamError + sums.timeout + sums.lost;

export const tokensOf = (sums: Measures) => sums.promptTokens + sums.completionTokens;

/** All that pods cost, shared out or not. */
export const billOf = (sums: Measures) => sums.gpuMicroUsd + sums.idleMicroUsd;

/** The series of what nobody used. */
export const IDLE_ID = "idle";

/** What is shown is the sum of these. */
type Amount = { name: string; measures: readonly Measure[] };

/** What can be added up, and how. Latency can't: it has percentiles. */
const AMOUNTS: Partial<Record<Metric, Amount>> = {
  tokens: { name: "Tokens", measures: ["promptTokens", "completionTokens"] },
  prompt: { name: "Prompt tokens", measures: ["promptTokens"] },
  cached: { name: "Cached tokens", measures: ["cachedTokens"] },
  completion: { name: "Completion tokens", measures: ["completionTokens"] },
  requests: { name: "Requests", measures: ["requests"] },
  cost: { name: "GPU dollars", measures: ["gpuMicroUsd"] },
  errors: { name: "Errors", measures: ["upstreamError", "timeout", "lost"] },
};

export const METRIC_NAMES: Record<Metric, string> = {
  tokens: "Tokens",
  prompt: "Prompt tokens",
  cached: "Cached tokens",
  completion: "Completion tokens",
  requests: "Requests",
  cost: "GPU dollars",
  errors: "Errors",
  ttft: "First token",
  duration: "Duration",
};

export const amountOf = (metric: Metric): Amount | null => AMOUNTS[metric] ?? null;

/** How a value of a metric is written in the chart. */
export function writtenAs(metric: Metric) {
  if (metric === "ttft" || metric === "duration") return duration;
  if (metric === "cost") return money;
  return metric === "requests" || metric === "errors" ? (value: number) => exact(value) : compact;
}

/** How the same metric is written along the axis. */
export function axisOf(metric: Metric) {
  if (metric === "cost") return moneyTick;
  return metric === "ttft" || metric === "duration"
    ? (value: number) => duration(value).replace(".0 ", " ")
    : compactTick;
}
