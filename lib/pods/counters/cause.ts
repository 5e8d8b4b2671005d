import type { CounterReading } from "./reading";

/** Why a pod's counters and what Podpass recorded may differ. */
export type Cause = "around" | "running" | "uncounted" | "answers" | "estimated" | "restarted" | "shared_address";

export type Comparison = {
  /** What the pod's own counters rose by. */
  counted: CounterReading;
  recorded: CounterReading;
  requests: number;
  /** Calls that run now: the pod counts their tokens as they come, Podpass when they have ended. */
  running: number;
  /** Ended calls whose tokens nobody could say, and those that were estimated. */
  uncounted: number;
  estimated: number;
  /** How often the counters began anew. */
  restarts: number;
};

/** A thousandth either way is no difference, nor are the few tokens of Podpass' own probes: an idle day has about a hundred. */
const TOLERANCE = 0.001;
const TRIAL_TOKENS = 290;
/** One call may well take so many times the tokens of the average one. */
const UNUSUAL = 4;

/** The likely causes of a difference, the likeliest first; none where the two agree. */
export function causesOf(of: Comparison): Cause[] {
  const { counted, recorded, requests, running, uncounted, estimated, restarts } = of;
  const prompt = counted.promptTokens - recorded.promptTokens;
  const completion = counted.completionTokens - recorded.completionTokens;
  const tolerance = Math.max(TRIAL_TOKENS, TOLERANCE * (counted.promptTokens + counted.completionTokens));
  const isNone = (difference: number) => Math.abs(difference) <= tolerance;
  if (isNone(prompt) && isNone(completion)) return [];

  const causes: Cause[] = [];
  if (prompt + completion < 0) {
    if (restarts > 0) causes.push("restarted");
    if (estimated > 0) causes.push("estimated");
    return causes.length > 0 ? causes : ["shared_address"];
  }
  if (running > 0) causes.push("running");
  if (uncounted > 0) causes.push("uncounted");
  // vLLM counts a prompt once for each answer that was asked for, usage once for all.
  if (isNone(completion) && prompt > 0 && recorded.promptTokens > 0) causes.push("answers");
  const usual = (recorded.promptTokens + recorded.completionTokens) / Math.max(1, requests);
  const isMore = prompt + completion > UNUSUAL * usual * (running + uncounted);
  if (causes.length === 0) causes.push("around");
  else if (isMore && !causes.includes("answers")) causes.unshift("around");
  return causes;
}
