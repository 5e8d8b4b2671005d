import type { Use } from "./ask";

type Estimates = { promptEstimate: number; outputEstimate: number; route: { kind: string } };

/** Routes that ask for no generation cost no tokens. */
const FREE = new Set(["tokenize", "detokenize", "count_tokens"]);

/** The tokens that are held for a call while it runs. */
export function reservationOf({ promptEstimate, outputEstimate, route }: Estimates): number {
  return FREE.has(route.kind) ? 0 : promptEstimate + outputEstimate;
}

type Used = { prompt: number; completion: number; source: string };

/**
 * What a call came to. Where nobody could say, the minute keeps the prompt, which the pod was sent, and the month keeps
 * nothing: a budget counts what the usage pages show.
 */
export function trueUse({ prompt, completion, source }: Used, { promptEstimate }: { promptEstimate: number }): Use {
  const told = prompt + completion;
  return { minuteTokens: source === "unknown" ? Math.max(told, promptEstimate) : told, monthTokens: told };
}
