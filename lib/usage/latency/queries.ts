import type { Actor } from "../../auth/member";
import { postgres } from "../../postgres";
import { bucketsOf } from "../axis/queries";
import { bucketStart } from "../buckets";
import { sumsFor } from "../days/queries";
import { type GroupBy, idOf } from "../groups/queries";
import { type Bin, mergeBins, type Percentiles, percentilesOf } from "../histogram";
import type { SeriesAsk, UsageAsk } from "../queries";
import { Bindings, partsOf, type SummedDays } from "../scope";
import { knownTimeZone } from "../time-zone";

/** What takes time: until the first token, and altogether. */
export type Waited = "ttft" | "duration";

type Row<Id> = { id: Id; bins: number[]; counts: number[] };

/** Median and tails in each bucket of a range, parallel to `buckets`; null where nothing was measured. */
export async function latencySeries(
  actor: Actor,
  ask: Omit<SeriesAsk, "groupBy" | "rankBy" | "measures">,
  waited: Waited,
): Promise<{ buckets: Date[]; points: (Percentiles | null)[] }> {
  const zone = knownTimeZone(ask.timeZone);
  const parameters = new Bindings();
  const parts = partsOf(actor, ask, ask.filters, parameters, await sumsFor(ask.bucket, zone, ask), {
    requests: true,
    money: "none",
  });
  const start = bucketStart(ask.bucket, "at", parameters.add(zone, "text"));
  const [buckets, { rows }] = await Promise.all([
    bucketsOf(ask),
    postgres().query<Row<Date>>(
      // In two steps: the zone's clock is asked once for each bin of a quarter of an hour, not once a row.
      binsIn(
        `SELECT ${start} AS id, bin, sum(count) AS count
         FROM (${counted("at", waited, parts)}) AS pieces GROUP BY 1, 2`,
      ),
      parameters.values,
    ),
  ]);
  const points = new Map(rows.map((row) => [row.id.getTime(), percentilesOf(binsOf(row))]));
  return { buckets, points: buckets.map((at) => points.get(at.getTime()) ?? null) };
}

/** Time to first token over a range: of everything, and of each group by the id that `idOf` gives it. */
export async function ttftOf(
  actor: Actor,
  ask: UsageAsk,
  groupBy: GroupBy | null,
  days: SummedDays,
): Promise<{ all: Percentiles | null; groups: Map<string, Percentiles | null> }> {
  const parameters = new Bindings();
  const parts = partsOf(actor, ask, ask.filters, parameters, days, {
    requests: true,
    money: "none",
  });
  const { rows } = await postgres().query<Row<string>>(
    binsIn(counted(`${idOf(groupBy)}::text`, "ttft", parts)),
    parameters.values,
  );
  const bins = rows.map((row) => ({ id: row.id, bins: binsOf(row) }));
  return {
    all: percentilesOf(mergeBins(bins.map((group) => group.bins))),
    groups: new Map(bins.map((group) => [group.id, percentilesOf(group.bins)])),
  };
}

/** How many durations fell into each bin, for each value of an SQL expression over the parts. */
function counted(id: string, waited: Waited, parts: string) {
  const name = id === "at" ? "at" : "id";
  return `SELECT ${name}, (entry >> 32)::int AS bin, sum(entry & 4294967295) AS count
    FROM (SELECT ${id} AS ${name}, unnest(${waited}) AS entry FROM (${parts}) AS parts) AS entries GROUP BY 1, 2`;
}

/** One row for each id: fewer and shorter than one for each bin. */
function binsIn(counts: string) {
  return `SELECT id, array_agg(bin) AS bins, array_agg(count::float8) AS counts FROM (${counts}) AS counts GROUP BY id`;
}

function binsOf({ bins, counts }: Row<unknown>): Bin[] {
  return bins.map((bin, index) => ({ bin, count: counts[index] ?? 0 }));
}
