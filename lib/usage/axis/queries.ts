import { postgres } from "../../postgres";
import { type Bucket, bucketStart, bucketSteps } from "../buckets";
import type { Range } from "../rollup";
import { knownTimeZone } from "../time-zone";

/** Where the buckets of a range begin. The zone's clock changes are PostgreSQL's business, as for the sums. */
export async function bucketsOf({
  from,
  to,
  bucket,
  timeZone,
}: Range & { bucket: Bucket; timeZone: string }): Promise<Date[]> {
  const { rows } = await postgres().query<{ start: Date }>(
    `SELECT DISTINCT ${bucketStart(bucket, "at", "$4")} AS start
     FROM (SELECT generate_series($1::timestamptz, $2::timestamptz, $3::interval) AS at UNION ALL SELECT $2::timestamptz) AS steps
     ORDER BY 1`,
    [from, new Date(Math.max(from.getTime(), to.getTime() - 1)), bucketSteps(bucket), knownTimeZone(timeZone)],
  );
  return rows.map(({ start }) => start);
}
