import { postgres } from "../../postgres";
import type { Bucket } from "../buckets";
import { type Range, splitRange } from "../rollup";
import { BY_THE_MINUTE, type SummedDays } from "../scope";
import { askForZone } from "./mutations";

const ASK_AGAIN_MS = 3_600_000;
const askedAtMs = new Map<string, number>();

/**
 * The days of a zone, inside a range, whose sums are ready. A zone that is new to us has none yet: asking once has them made,
 * and until then its days are added up from quarters of an hour, which takes longer and gives the same.
 */
export async function summedDays(zone: string, range: Range): Promise<SummedDays> {
  const { rollups } = splitRange(range);
  if (rollups === null || rollups.to.getTime() - rollups.from.getTime() < 23 * 3_600_000) return { zone, spans: [] };
  remember(zone);
  const { rows } = await postgres().query<Range>(
    `SELECT starts_at AS "from", ends_at AS "to" FROM usage_day_spans
     WHERE zone = $1 AND starts_at >= $2 AND ends_at <= $3 AND built_at IS NOT NULL ORDER BY 1`,
    [zone, rollups.from, rollups.to],
  );
  return { zone, spans: rows };
}

/** What a series of a zone may be read from: days, quarters of an hour, or nothing coarser than the events. */
export async function sumsFor(bucket: Bucket, zone: string, range: Range): Promise<SummedDays | typeof BY_THE_MINUTE> {
  if (bucket === "minute") return BY_THE_MINUTE;
  return bucket === "day" ? summedDays(zone, range) : { zone, spans: [] };
}

function remember(zone: string) {
  const now = performance.now();
  if (zone === "UTC" || now - (askedAtMs.get(zone) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS) return;
  askedAtMs.set(zone, now);
  // Only a matter of speed: where it fails, the next process or hour asks again.
  void askForZone(postgres(), zone).catch(() => undefined);
}
