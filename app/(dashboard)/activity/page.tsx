import type { Metadata } from "next";
import { activityActions, listActivity } from "@/lib/audit/queries";
import { isAdmin } from "@/lib/auth/member";
import { memberNames } from "@/lib/auth/queries";
import { viewer } from "../_shell/viewer";
import { ActivityScreen } from "./activity-screen";
import { readActivityView } from "./view";

export const metadata: Metadata = { title: "Activity" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function ActivityPage({ searchParams }: { searchParams: Search }) {
  const [{ member, zone }, address] = await Promise.all([viewer(), searchParams]);
  const view = readActivityView(address, zone);
  const [page, actions, members] = await Promise.all([
    listActivity(member, view),
    activityActions(member),
    isAdmin(member) ? memberNames(member) : [],
  ]);
  return (
    <ActivityScreen
      view={view}
      events={page.events}
      next={page.next}
      actions={actions}
      members={members.map(({ id, name }) => ({ id, name }))}
      isAdmin={isAdmin(member)}
    />
  );
}
