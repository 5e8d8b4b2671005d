import type { UsageEvent } from "./event";

/** The columns of a batch, in the order in which the statements name them, with their PostgreSQL types. */
const COLUMNS = [
  ["request_id", "uuid", (e) => e.requestId],
  ["at_ms", "bigint", (e) => e.atMs],
  ["key_id", "uuid", (e) => e.keyId],
  ["secret_id", "uuid", (e) => e.secretId],
  ["member_id", "uuid", (e) => e.memberId],
  ["pod_id", "uuid", (e) => e.podId],
  ["model", "text", (e) => e.model],
  ["route", "text", (e) => e.route],
  ["streamed", "boolean", (e) => e.streamed],
  ["status", "smallint", (e) => e.status],
  ["outcome", "text", (e) => e.outcome],
  ["token_source", "text", (e) => e.tokenSource],
  ["prompt_tokens", "integer", (e) => e.promptTokens],
  ["cached_tokens", "integer", (e) => e.cachedTokens],
  ["completion_tokens", "integer", (e) => e.completionTokens],
  ["queue_ms", "integer", (e) => e.queueMs],
  ["ttft_ms", "integer", (e) => e.ttftMs],
  ["duration_ms", "integer", (e) => e.durationMs],
  ["error_code", "text", (e) => e.errorCode],
] as const satisfies readonly [string, string, (e: UsageEvent) => string | number | boolean | null][];

const names = COLUMNS.map(([name]) => name);

/** `SELECT` of a batch handed over as `columnsOf` makes it: parameters from $1 on, one array a column. */
export const BATCH = `SELECT ${names.filter((name) => name !== "at_ms").join(", ")},
    (timestamptz 'epoch' + at_ms * interval '1 millisecond')::timestamptz(3) AS at
  FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")}) AS batch(${names.join(", ")})`;

/** How many parameters a batch takes. */
export const BATCH_PARAMETERS = COLUMNS.length;

/** A batch as PostgreSQL array literals. Written here because the driver's own way costs three times the CPU. */
export function columnsOf(events: UsageEvent[]): string[] {
  return COLUMNS.map(([, type, value]) => {
    const isText = type === "text";
    let literal = "{";
    for (const event of events) {
      const cell = value(event);
      if (literal.length > 1) literal += ",";
      literal += cell === null ? "NULL" : isText ? quoted(String(cell)) : cell;
    }
    return `${literal}}`;
  });
}

/** An element between quotes, where only the quote and the backslash have a meaning. */
function quoted(text: string) {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}
