import type { Metadata } from "next";
import { LiveRefresh } from "@/app/_ui/live-refresh";
import { ZoneProvider } from "@/app/_ui/zone";
import { isAdmin } from "@/lib/auth/member";
import { viewer } from "../_shell/viewer";
import { groupName, readUsage } from "./read-usage";
import { UsageScreen } from "./usage-screen";
import { type RangeName, readView } from "./view";

export const metadata: Metadata = { title: "Usage" };

/** Short ranges are watched while something runs, long ones hardly move. */
const LIVE_MS: Partial<Record<RangeName, number>> = { "1h": 2_000, "6h": 2_000, "24h": 5_000 };
const CALM_MS = 30_000;

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function UsagePage({ searchParams }: { searchParams: Search }) {
  const [{ member, zone, now }, address] = await Promise.all([viewer(), searchParams]);
  const view = readView(address, { isAdmin: isAdmin(member), zone, now });
  const { chart, totals, before, table, money } = await readUsage(member, view, now);
  const labels = table.map((row) => ({ ...row, label: labelOf(row) }));
  return (
    <ZoneProvider zone={view.zone}>
      <LiveRefresh everyMs={LIVE_MS[view.rangeName] ?? CALM_MS} />
      <UsageScreen
        view={view}
        chart={chart}
        totals={totals}
        before={before}
        table={labels}
        money={money}
        narrowed={narrowedTo(view.filters)}
        isAdmin={isAdmin(member)}
        ownZone={zone}
        now={now}
      />
    </ZoneProvider>
  );
}

function labelOf(row: { id: string | null; name: string; memberName: string | null }) {
  return row.memberName ? `${groupName(row)}, ${row.memberName}` : groupName(row);
}

function narrowedTo({ keyIds, memberIds, models }: { keyIds: string[]; memberIds: string[]; models: string[] }) {
  return [
    ...(keyIds.length > 0 ? [{ param: "key", name: keyIds.length === 1 ? "one key" : `${keyIds.length} keys` }] : []),
    ...(memberIds.length > 0
      ? [{ param: "member", name: memberIds.length === 1 ? "one member" : `${memberIds.length} members` }]
      : []),
    ...(models.length > 0 ? [{ param: "model", name: models.join(", ") }] : []),
  ];
}
