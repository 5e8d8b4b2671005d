import { dayAndTime } from "@/app/_ui/moments";
import { isAdmin } from "@/lib/auth/member";
import { csvOf } from "@/lib/usage/csv";
import { usageSeries } from "@/lib/usage/queries";
import { viewer } from "../../_shell/viewer";
import { groupName } from "../read-usage";
import { readView } from "../view";

const SUMS = [
  "requests",
  "completed",
  "clientClosed",
  "rejected",
  "upstreamError",
  "timeout",
  "lost",
  "promptTokens",
  "cachedTokens",
  "completionTokens",
] as const;

const EVERY_GROUP = 10_000;

/** What the page shows, as CSV or JSON: one row for each bucket and group that was used, with its time in UTC and on the member's clock. */
export async function GET(request: Request) {
  const { member, zone: own, now } = await viewer();
  const query = new URL(request.url).searchParams;
  const address = Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
  const single = Object.fromEntries(
    Object.entries(address).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  const view = readView(single, { isAdmin: isAdmin(member), zone: own, now });
  const bucket = view.bucket === "week" ? "day" : view.bucket;
  const { from, to, filters, groupBy, zone } = view;
  const { buckets, groups } = await usageSeries(
    member,
    { from, to, filters, groupBy, bucket, timeZone: zone },
    EVERY_GROUP,
  );

  const columns = [
    "start",
    `start in ${zone}`,
    `${groupBy}Id`,
    groupBy,
    ...(groupBy === "key" ? ["member"] : []),
    ...SUMS,
  ];
  function* rows() {
    for (const [index, at] of buckets.entries()) {
      for (const group of groups) {
        const point = group.points[index];
        if (!point || point.requests === 0) continue;
        const sums = Object.fromEntries(SUMS.map((name) => [name, point[name]]));
        const names = { [`${groupBy}Id`]: group.id, [groupBy]: groupName(group), member: group.memberName };
        yield { start: at, [`start in ${zone}`]: dayAndTime(at, zone), ...names, ...sums };
      }
    }
  }

  const name = `podpass-usage-${view.days.first}-${view.days.last}-by-${groupBy}`;
  if (query.get("format") === "json") {
    return new Response(JSON.stringify([...rows()]), { headers: headersFor(`${name}.json`, "application/json") });
  }
  return new Response(streamOf(csvOf(columns, rows())), {
    headers: headersFor(`${name}.csv`, "text/csv; charset=utf-8"),
  });
}

function headersFor(file: string, type: string) {
  return {
    "content-type": type,
    "content-disposition": `attachment; filename="${file}"`,
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
  };
}

function streamOf(pieces: AsyncGenerator<string>) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
