import type { Outcome } from "@/lib/usage/event";
import { type Address, readAddress } from "../_shell/address";

const DAY_MS = 86_400_000;

export const SPANS = { "1h": DAY_MS / 24, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS, all: null } as const;
export type SpanName = keyof typeof SPANS;

/** Outcomes as people filter by them: whatever failed for a reason of ours or the pod's is one. */
export const OUTCOME_FILTERS = {
  running: ["open"],
  completed: ["completed"],
  failed: ["upstream_error", "timeout", "lost"],
  rejected: ["rejected"],
  left: ["client_closed"],
} as const satisfies Record<string, readonly Outcome[]>;
export type OutcomeFilter = keyof typeof OUTCOME_FILTERS;

export type RequestsView = {
  /** Null when an exact stretch is asked for, as a chart's bar does. */
  span: SpanName | null;
  from: Date | undefined;
  to: Date | undefined;
  outcome: OutcomeFilter | null;
  keyIds: string[];
  memberIds: string[];
  podIds: string[];
  models: string[];
  /** A request id to look for, which makes everything else beside the point. */
  id: string | null;
  cursor: string | null;
  live: boolean;
};

/** Reads an address; what it doesn't say is the last 24 hours of everything. */
export function readRequestsView(address: Address, { isAdmin, now }: { isAdmin: boolean; now: Date }): RequestsView {
  const { text, all, moment, oneOf } = readAddress(address);
  const exact = { from: moment("from"), to: moment("to") };
  const isExact = exact.from !== undefined;
  const span = isExact ? null : (oneOf("range", Object.keys(SPANS) as SpanName[]) ?? "24h");
  const length = span === null ? null : SPANS[span];
  return {
    span,
    from: isExact ? exact.from : length === null ? undefined : new Date(now.getTime() - length),
    to: isExact ? exact.to : undefined,
    outcome: oneOf("outcome", Object.keys(OUTCOME_FILTERS) as OutcomeFilter[]) ?? null,
    keyIds: all("key"),
    memberIds: isAdmin ? all("member") : [],
    podIds: all("pod"),
    models: all("model"),
    id: text("id")?.trim() ?? null,
    cursor: text("cursor") ?? null,
    live: text("live") !== "off",
  };
}
