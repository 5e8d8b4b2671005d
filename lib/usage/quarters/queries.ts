import type { Actor } from "../../auth/member";
import { postgres } from "../../postgres";
import type { Outcome } from "../event";
import { QUARTER_MS, type Range, splitAround } from "../rollup";
import { Bindings, conditionsOf, type UsageFilters } from "../scope";

export type QuartersAsk = {
  filters: UsageFilters;
  /** Requests that still run are in no rollup. */
  outcomes: readonly Exclude<Outcome, "open">[];
  range: Range;
  order: "newest" | "oldest";
  /** How many requests are looked for; quarters with fewer are found only where there are no more. */
  atLeast: number;
};

/** A stretch of time and how many requests in it match. */
type Stretch = Range & { matches: number };

/**
 * Where the first ended requests of a range are that match, as beginnings of quarters of an hour. Days that were summed up say
 * where to look, and rollups where exactly: however rare a combination is, no other request is read on the way to it.
 */
export async function quartersWith(actor: Actor, ask: QuartersAsk): Promise<Date[]> {
  const { from, to } = ask.range;
  const range = {
    from: new Date(Math.floor(from.getTime() / QUARTER_MS) * QUARTER_MS),
    to: new Date(Math.ceil(to.getTime() / QUARTER_MS) * QUARTER_MS),
  };
  if (range.from >= range.to) return [];
  const days = await matchesOfDays(actor, ask);
  // What of the range is in no summed day has to be looked through: it counts for nothing until then.
  const rest = splitAround(range, days).gaps.map((gap) => ({ ...gap, matches: 0 }));
  const promising = enough([...days.filter(({ matches }) => matches > 0), ...rest], ask);
  const quarters = await matchesOfQuarters(actor, ask, promising);
  // At the range's ends a quarter may hold its matches outside.
  const counted = quarters.map((quarter) =>
    quarter.from < from || quarter.to > to ? { ...quarter, matches: 0 } : quarter,
  );
  return enough(counted, ask).map((quarter) => quarter.from);
}

/** The first stretches that hold enough together, in the order of the ask. */
function enough(stretches: readonly Stretch[], { order, atLeast }: QuartersAsk): Stretch[] {
  const sign = order === "newest" ? -1 : 1;
  const sorted = stretches.toSorted((a, b) => sign * (a.from.getTime() - b.from.getTime()));
  let found = 0;
  const last = sorted.findIndex(({ matches }) => {
    found += matches;
    return found >= atLeast;
  });
  return last < 0 ? sorted : sorted.slice(0, last + 1);
}

/** The summed days (UTC) that lie wholly in the range, those without a match too. */
async function matchesOfDays(actor: Actor, ask: QuartersAsk): Promise<Stretch[]> {
  const { range } = ask;
  const parameters = new Bindings();
  const zone = parameters.add("UTC", "text");
  const within = [
    `starts_at >= ${parameters.add(range.from, "timestamptz")}`,
    `starts_at < ${parameters.add(range.to, "timestamptz")}`,
  ];
  const conditions = [...within, ...matching(actor, ask, parameters)].join(" AND ");
  const { rows } = await postgres().query<Stretch>(
    `WITH days AS (
       SELECT starts_at, sum(${sumOf(ask)}) AS matches FROM usage_days WHERE zone = ${zone} AND ${conditions} GROUP BY 1
     )
     SELECT starts_at AS "from", ends_at AS "to", coalesce(matches, 0)::float8 AS matches
     FROM usage_day_spans LEFT JOIN days USING (starts_at)
     WHERE zone = ${zone} AND ${within.join(" AND ")} AND ends_at <= ${parameters.add(range.to, "timestamptz")}
       AND built_at IS NOT NULL
     ORDER BY 1`,
    parameters.values,
  );
  return rows;
}

/** The quarters of an hour with matches in some stretches. */
async function matchesOfQuarters(actor: Actor, ask: QuartersAsk, stretches: readonly Stretch[]): Promise<Stretch[]> {
  const parameters = new Bindings();
  const starts = parameters.add(
    stretches.map((stretch) => stretch.from),
    "timestamptz[]",
  );
  const ends = parameters.add(
    stretches.map((stretch) => stretch.to),
    "timestamptz[]",
  );
  const conditions = ["bucket_at >= span.starts_at", "bucket_at < span.ends_at", ...matching(actor, ask, parameters)];
  const { rows } = await postgres().query<Stretch>(
    // OFFSET 0 has each stretch looked up by itself: joined freely, all rollups would be read for a few of them.
    `SELECT bucket_at AS "from", bucket_at + interval '15 minutes' AS "to", matches::float8 AS matches
     FROM unnest(${starts}, ${ends}) AS span(starts_at, ends_at) CROSS JOIN LATERAL (
       SELECT bucket_at, sum(${sumOf(ask)}) AS matches FROM usage_rollups WHERE ${conditions.join(" AND ")}
         AND bucket_at >= coalesce((SELECT kept_from FROM usage_retentions), '-infinity')
       GROUP BY 1 OFFSET 0) AS quarters`,
    parameters.values,
  );
  return rows;
}

function matching(actor: Actor, ask: QuartersAsk, parameters: Bindings) {
  return [...conditionsOf(actor, ask.filters, parameters), `${sumOf(ask)} > 0`];
}

/** Each outcome has a column of its name. */
function sumOf({ outcomes }: QuartersAsk) {
  return `(${outcomes.join(" + ")})`;
}
