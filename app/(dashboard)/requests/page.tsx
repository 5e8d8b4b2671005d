import type { Metadata } from "next";
import { LiveRefresh } from "@/app/_ui/live-refresh";
import { isAdmin } from "@/lib/auth/member";
import { listMembers } from "@/lib/auth/queries";
import type { SignedIn } from "@/lib/auth/session";
import { getPolicy } from "@/lib/policy/queries";
import { getRequest, listRequests } from "@/lib/usage/requests/queries";
import { viewer } from "../_shell/viewer";
import { RequestsScreen } from "./requests-screen";
import { OUTCOME_FILTERS, type RequestsView, readRequestsView } from "./view";

export const metadata: Metadata = { title: "Requests" };

const LIVE_MS = 2_000;

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function RequestsPage({ searchParams }: { searchParams: Search }) {
  const [{ member, now }, address] = await Promise.all([viewer(), searchParams]);
  const view = readRequestsView(address, { isAdmin: isAdmin(member), now });
  const [page, members, policy] = await Promise.all([
    readPage(member, view),
    isAdmin(member) ? listMembers(member, now) : [],
    getPolicy(),
  ]);
  return (
    <>
      {view.live && view.cursor === null && <LiveRefresh everyMs={LIVE_MS} />}
      <RequestsScreen
        view={view}
        rows={page.rows}
        next={page.next}
        members={members.map(({ id, name }) => ({ id, name }))}
        retentionDays={policy.eventRetentionDays}
      />
    </>
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
