import type { Wanted } from "./scope";

/** What is counted over any span, by rollups and by the events themselves: the field and its column. */
const COLUMNS = {
  completed: "completed",
  clientClosed: "client_closed",
  upstreamError: "upstream_error",
  timeout: "timeout",
  rejected: "rejected",
  lost: "lost",
  /** Requests among these whose tokens are estimated, and unknown. */
  estimated: "estimated",
  unknown: "unknown",
  promptTokens: "prompt_tokens",
  cachedTokens: "cached_tokens",
  completionTokens: "completion_tokens",
  /** What of the pods' hours was shared out, and what was not: micro-dollars. */
  gpuMicroUsd: "gpu_micro_usd",
  idleMicroUsd: "idle_micro_usd",
} as const;

type Counted = keyof typeof COLUMNS;

/** Sums over ended requests. `requests` is every outcome together. */
export type Measures = { requests: number } & Record<Counted, number>;

export type Measure = keyof Measures;

const counted = Object.entries(COLUMNS) as [Counted, string][];

/** Which field counts an outcome. */
export const OUTCOME_FIELDS = {
  completed: "completed",
  client_closed: "clientClosed",
  upstream_error: "upstreamError",
  timeout: "timeout",
  rejected: "rejected",
  lost: "lost",
} as const satisfies Record<string, Counted>;
const OUTCOMES = Object.keys(OUTCOME_FIELDS);

/** The columns of `usage_days` that are sums. */
export const SUMMED_COLUMNS = counted.map(([, column]) => column);

/** The ones that come from the shares of the pods' hours, and not from requests. */
const MONEY: readonly string[] = [COLUMNS.gpuMicroUsd, COLUMNS.idleMicroUsd];

/** The same columns out of `usage_rollups`. */
export const COLUMNS_OF_ROLLUP = SUMMED_COLUMNS.map((column) => (MONEY.includes(column) ? zero(column) : column));

/** The same columns out of `usage_costs`. */
export const COLUMNS_OF_COST = SUMMED_COLUMNS.map((column) => (MONEY.includes(column) ? column : zero(column)));

/** What has to be read for these measures; `isShared` says that groups are told apart, which idle time belongs to none of. */
export function wantedFor(measures: readonly Measure[], isShared: boolean): Wanted {
  const isMoney = (measure: Measure) => measure !== "requests" && MONEY.includes(COLUMNS[measure]);
  if (!measures.some(isMoney)) return { requests: true, money: "none" };
  return { requests: !measures.every(isMoney), money: isShared ? "shares" : "all" };
}

function zero(column: string) {
  return `0::bigint AS ${column}`;
}

/** The same columns out of one event. */
export const COLUMNS_OF_EVENT = counted.map(([, column]) => {
  if (OUTCOMES.includes(column)) return `(outcome = '${column}')::int AS ${column}`;
  if (MONEY.includes(column)) return zero(column);
  if (column === "estimated" || column === "unknown") return `(token_source = '${column}')::int AS ${column}`;
  return `${column}::bigint AS ${column}`;
});

/** Aggregates in SQL, named as the fields of `Measures`: those asked for. */
export function sumsOf(fields: readonly Measure[]) {
  return fields
    .map((field) => `coalesce(sum(${field === "requests" ? REQUESTS : COLUMNS[field]}), 0)::bigint AS "${field}"`)
    .join(", ");
}

const REQUESTS = OUTCOMES.join(" + ");

/** Sums of such sums. */
export function sumsAgain(fields: readonly Measure[]) {
  return fields.map((field) => `sum("${field}")::bigint AS "${field}"`).join(", ");
}

/** Everything that is counted. */
export const ALL_MEASURES: readonly Measure[] = ["requests", ...counted.map(([field]) => field)];

export const NO_USAGE: Measures = {
  requests: 0,
  completed: 0,
  clientClosed: 0,
  upstreamError: 0,
  timeout: 0,
  rejected: 0,
  lost: 0,
  estimated: 0,
  unknown: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  gpuMicroUsd: 0,
  idleMicroUsd: 0,
};

/** All of these together. */
export function sumOf(all: readonly Measures[]): Measures {
  return sumOfSome(all, ALL_MEASURES);
}

/** All of these together, of what was asked for. */
export function sumOfSome<M extends Measure>(all: readonly Pick<Measures, M>[], fields: readonly M[]) {
  const total: Pick<Measures, M> = { ...NO_USAGE };
  for (const one of all) for (const field of fields) total[field] = (total[field] + one[field]) as Measures[M];
  return total;
}
