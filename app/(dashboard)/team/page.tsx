import type { Metadata } from "next";
import { isAdmin } from "@/lib/auth/member";
import { listInvites, listMembers } from "@/lib/auth/queries";
import { isMailConfigured } from "@/lib/mail/send";
import { getPolicy } from "@/lib/policy/queries";
import { AdminsOnly } from "../_shell/admins-only";
import { viewer } from "../_shell/viewer";
import { TeamScreen } from "./team-screen";

export const metadata: Metadata = { title: "Team" };

export default async function TeamPage() {
  const { member, now } = await viewer();
  if (!isAdmin(member)) return <AdminsOnly title="Team" what="see and change the team" />;
  const [members, invites, policy] = await Promise.all([
    listMembers(member, now),
    listInvites(member, now),
    getPolicy(),
  ]);
  const { roleLimits, emailDomains } = policy;
  return (
    <TeamScreen
      members={members}
      invites={invites}
      context={{
        viewer: { id: member.memberId, role: member.role },
        roleLimits,
        emailDomains,
        sendsMail: isMailConfigured(),
      }}
    />
  );
}
