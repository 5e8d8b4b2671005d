import type { Metadata } from "next";
import { ZoneProvider } from "@/app/_ui/zone";
import { isAdmin } from "@/lib/auth/member";
import { filterNames } from "@/lib/usage/names/queries";
import { newestMark } from "@/lib/usage/requests/queries";
import { chipsOf } from "../_shell/chips";
import { LiveFollow } from "../_shell/live-follow";
import { viewer } from "../_shell/viewer";
import { groupName, readUsage } from "./read-usage";
import { UsageScreen } from "./usage-screen";
import { readView } from "./view";

export const metadata: Metadata = { title: "Usage" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function UsagePage({ searchParams }: { searchParams: Search }) {
  const [{ member, zone, zones, now }, address] = await Promise.all([viewer(), searchParams]);
  const view = readView(address, { isAdmin: isAdmin(member), zone, zones, now });
  // Before the sums are read: what changes from here on is heard of.
  const mark = await newestMark(member);
  const [{ chart, totals, before, table, money }, names] = await Promise.all([
    readUsage(member, view, now),
    filterNames(member, view.filters),
  ]);
  const labels = table.map((row) => ({ ...row, label: labelOf(row) }));
  return (
    <ZoneProvider zone={view.zone}>
      <LiveFollow mark={mark} />
      <UsageScreen
        view={view}
        chart={chart}
        totals={totals}
        before={before}
        table={labels}
        money={money}
        chips={chipsOf(view.filters, names)}
        isAdmin={isAdmin(member)}
        zones={zones}
        now={now}
      />
    </ZoneProvider>
  );
}

function labelOf(row: { id: string | null; name: string; memberName: string | null }) {
  return row.memberName ? `${groupName(row)}, ${row.memberName}` : groupName(row);
}
