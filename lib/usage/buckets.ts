/** How finely a series is cut. Hours and days begin by a zone's clock; a quarter of an hour does so in every zone. */
export type Bucket = "minute" | "quarter" | "hour" | "day";

/** SQL for the beginning of the bucket that a time lies in. `zone` is the placeholder of an IANA name. */
export function bucketStart(bucket: Bucket, column: string, zone: string) {
  if (bucket === "quarter")
    return `(CASE WHEN ${zone} <> '' THEN date_bin('15 minutes', ${column}, timestamptz 'epoch') END)`;
  return `date_trunc('${bucket}', ${column}, ${zone})`;
}

/** Steps of which at least one falls into every bucket, whatever the clocks do: a day has at least 23 hours. */
export function bucketSteps(bucket: Bucket) {
  return { minute: "1 minute", quarter: "15 minutes", hour: "15 minutes", day: "6 hours" }[bucket];
}

/** A bucket that gives a chart of a range 24 to 200 points, or what comes closest. */
export function bucketFor(lengthMs: number): Bucket {
  const hours = lengthMs / 3_600_000;
  if (hours <= 3) return "minute";
  if (hours <= 48) return "quarter";
  if (hours <= 8 * 24) return "hour";
  return "day";
}
