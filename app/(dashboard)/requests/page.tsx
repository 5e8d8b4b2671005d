import type { Metadata } from "next";
import { ZoneProvider } from "@/app/_ui/zone";
import { isAdmin } from "@/lib/auth/member";
import { memberNames } from "@/lib/auth/queries";
import type { SignedIn } from "@/lib/auth/session";
import { getPolicy } from "@/lib/policy/queries";
import { filterNames } from "@/lib/usage/names/queries";
import { getRequest, listRequests, newestMark } from "@/lib/usage/requests/queries";
import { zoneIn } from "../_shell/address";
import { chipsOf } from "../_shell/chips";
import { LiveFollow } from "../_shell/live-follow";
import { readStanding } from "../_shell/pods";
import { viewer } from "../_shell/viewer";
import { RequestsScreen } from "./requests-screen";
import { OUTCOME_FILTERS, type RequestsView, readRequestsView } from "./view";

export const metadata: Metadata = { title: "Requests" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function RequestsPage({ searchParams }: { searchParams: Search }) {
  const [{ member, zones, now }, address] = await Promise.all([viewer(), searchParams]);
  const view = readRequestsView(address, { isAdmin: isAdmin(member), now });
  // Before the rows are read: what changes from here on is heard of.
  const mark = await newestMark(member);
  const [page, names, members, policy, standing] = await Promise.all([
    readPage(member, view),
    filterNames(member, view),
    isAdmin(member) ? memberNames(member) : [],
    getPolicy(),
    readStanding(),
  ]);
  const zone = zoneIn(address, zones);
  return (
    <ZoneProvider zone={zone}>
      {view.live && view.cursor === null && <LiveFollow mark={mark} />}
      <RequestsScreen
        view={view}
        rows={page.rows}
        next={page.next}
        // What is chosen in a menu stands there, and needs no chip.
        chips={chipsOf({ ...view, memberIds: view.memberIds.slice(1), models: view.models.slice(1) }, names)}
        models={[...new Set([...view.models, ...standing.models])]}
        members={members.map(({ id, name }) => ({ id, name }))}
        zones={zones}
        retentionDays={policy.eventRetentionDays}
      />
    </ZoneProvider>
  );
}

async function readPage(member: SignedIn, view: RequestsView) {
  if (view.id !== null) {
    const row = await getRequest(member, view.id);
    return { rows: row ? [row] : [], next: null };
  }
  const outcomes = view.outcome ? OUTCOME_FILTERS[view.outcome] : undefined;
  return listRequests(member, { ...view, outcomes }, view.cursor);
}
