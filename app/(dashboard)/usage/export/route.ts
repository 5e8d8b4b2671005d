import { dayAndTime } from "@/app/_ui/moments";
import { isAdmin } from "@/lib/auth/member";
import { csvOf } from "@/lib/usage/csv";
import { jsonOf } from "@/lib/usage/json";
import { usageSeries } from "@/lib/usage/queries";
import { addressOf, download, streamOf } from "../../_shell/download";
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
  const { member, zone, zones, now } = await viewer();
  const view = readView(addressOf(request), { isAdmin: isAdmin(member), zone, zones, now });
  const bucket = view.bucket === "week" ? "day" : view.bucket;
  const { from, to, filters, groupBy, zone: shown } = view;
  const { buckets, groups } = await usageSeries(
    member,
    { from, to, filters, groupBy, bucket, timeZone: shown },
    EVERY_GROUP,
  );

  const columns = [
    "start",
    `start in ${shown}`,
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
        yield { start: at, [`start in ${shown}`]: dayAndTime(at, shown), ...names, ...sums };
      }
    }
  }

  const name = `podpass-usage-${view.days.first}-${view.days.last}-by-${groupBy}`;
  if (new URL(request.url).searchParams.get("format") === "json") {
    return new Response(streamOf(jsonOf(columns, rows())), { headers: download(`${name}.json`, "application/json") });
  }
  return new Response(streamOf(csvOf(columns, rows())), {
    headers: download(`${name}.csv`, "text/csv; charset=utf-8"),
  });
}
