import { type Actor, isAdmin } from "../auth/member";
import { NOBODY } from "../costs/split-sql";
import { AppError } from "../errors";
import type { Outcome } from "./event";
import { COLUMNS_OF_COST, COLUMNS_OF_EVENT, COLUMNS_OF_ROLLUP, SUMMED_COLUMNS } from "./measures";
import { BIN } from "./mutation-sql";
import { type Range, splitAround, splitRange } from "./rollup";

/** Narrows what is read. A list that is empty narrows nothing; one without a single real id matches nothing. */
export type UsageFilters = {
  keyIds?: readonly string[] | undefined;
  memberIds?: readonly string[] | undefined;
  podIds?: readonly string[] | undefined;
  models?: readonly string[] | undefined;
};

/** Of single requests more can be asked than of sums. */
export type RequestFilters = UsageFilters & {
  secretIds?: readonly string[] | undefined;
  outcomes?: readonly Outcome[] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isId(text: string) {
  return ID.test(text);
}

/** Collects the values of a statement while its text is written. */
export class Bindings {
  readonly values: unknown[] = [];

  /** The placeholder that stands for a value. */
  add(value: unknown, type: string) {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/**
 * What of the usage tables an actor may see, narrowed by filters; conditions to be joined by AND. Members see their own,
 * admins everybody's, and whoever is neither sees nothing.
 */
export function conditionsOf(actor: Actor, filters: UsageFilters, parameters: Bindings): string[] {
  const conditions: string[] = [];
  if (!isAdmin(actor)) {
    if (actor.memberId === null) throw new AppError("forbidden", "Nobody is signed in.");
    conditions.push(`member_id = ${parameters.add(actor.memberId, "uuid")}`);
  }
  const among = (column: string, wanted: readonly string[] | undefined) => {
    if (!wanted?.length) return;
    conditions.push(`${column} = ANY(${parameters.add(wanted.filter(isId), "uuid[]")})`);
  };
  among("key_id", filters.keyIds);
  among("member_id", filters.memberIds);
  among("pod_id", filters.podIds);
  if (filters.models?.length) conditions.push(`model = ANY(${parameters.add([...filters.models], "text[]")})`);
  return conditions;
}

/** Days of a zone whose sums are ready, in order. */
export type SummedDays = { zone: string; spans: readonly Range[] };

/** What single minutes are wanted of: only events know them. */
export const BY_THE_MINUTE = "by the minute";

/** What is wanted of requests, and of the pods' bills: nothing, what was shared out, or the idle time as well. */
export type Wanted = { requests: boolean; money: "none" | "shares" | "all" };

/**
 * Rows that add up to exactly the ended requests of a range: sums of whole days where there are any, rollups for the other
 * whole quarters of an hour, events for the rest. Columns: at, key_id, member_id, pod_id, model, the sums, and the histograms
 * ttft and duration. Money counts where its hour begins.
 */
export function partsOf(
  actor: Actor,
  range: Range,
  filters: UsageFilters | undefined,
  parameters: Bindings,
  days: SummedDays | typeof BY_THE_MINUTE,
  { requests, money }: Wanted,
) {
  const narrowed = conditionsOf(actor, filters ?? {}, parameters);
  const within = (column: string, { from, to }: Range) =>
    [`${column} >= ${parameters.add(from, "timestamptz")}`, `${column} < ${parameters.add(to, "timestamptz")}`]
      .concat(narrowed)
      .join(" AND ");
  const { rollups, events } = days === BY_THE_MINUTE ? { rollups: null, events: [range] } : splitRange(range);
  const { zone: name, spans } = days === BY_THE_MINUTE ? NO_DAYS : days;
  const { runs, gaps } = rollups === null ? { runs: [], gaps: [] } : splitAround(rollups, spans);
  const zone = runs.length > 0 ? parameters.add(name, "text") : "";
  const dimensions = "key_id, member_id, pod_id, model";
  const withoutIdle = money === "all" ? "" : ` AND key_id <> '${NOBODY}'`;
  return [
    ...(requests ? events : []).map(
      // The minute is all that any bucket asks for, and far fewer than the events.
      (
        part,
      ) => `SELECT date_bin('1 minute', at, timestamptz 'epoch') AS at, key_id, member_id, coalesce(pod_id, '${NOBODY}') AS pod_id, coalesce(model, '') AS model,
      ${COLUMNS_OF_EVENT.join(", ")}, ${histogramOf("ttft_ms")} AS ttft, ${histogramOf("duration_ms")} AS duration
      FROM usage_events WHERE ${within("at", part)} AND outcome <> 'open'`,
    ),
    ...(requests ? gaps : []).map(
      (part) => `SELECT bucket_at AS at, ${dimensions}, ${COLUMNS_OF_ROLLUP.join(", ")}, ttft, duration
      FROM usage_rollups WHERE ${within("bucket_at", part)}`,
    ),
    ...(money === "none" ? [] : [...events, ...gaps]).map(
      (
        part,
      ) => `SELECT hour_at AS at, ${dimensions}, ${COLUMNS_OF_COST.join(", ")}, '{}'::bigint[] AS ttft, '{}'::bigint[] AS duration
      FROM usage_costs WHERE ${within("hour_at", part)}${withoutIdle}`,
    ),
    ...runs.map(
      (part) => `SELECT starts_at AS at, ${dimensions}, ${SUMMED_COLUMNS.join(", ")}, ttft, duration
      FROM usage_days WHERE zone = ${zone} AND ${within("starts_at", part)}${withoutIdle}`,
    ),
  ].join("\nUNION ALL\n");
}

const NO_DAYS: SummedDays = { zone: "", spans: [] };

function histogramOf(column: string) {
  return `CASE WHEN ${column} IS NOT NULL THEN ARRAY[(${BIN(column)} << 32) + 1] ELSE '{}'::bigint[] END`;
}
