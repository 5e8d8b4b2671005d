"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { counted } from "@/app/_ui/figures";
import { PlusIcon } from "@/app/_ui/icons";
import { PageHead } from "@/app/_ui/page-head";
import { useZone } from "@/app/_ui/zone";
import type { InviteRow, MemberRow as Member } from "@/lib/auth/queries";
import { useAsked } from "../_shell/use-asked";
import type { OpenDialog, TeamContext } from "./context";
import { InviteList } from "./invite-list";
import { MemberRow } from "./member-row";
import { TeamDialogs } from "./team-dialogs";

type TeamScreenProps = { members: readonly Member[]; invites: readonly InviteRow[]; context: TeamContext };

export function TeamScreen({ members, invites, context }: TeamScreenProps) {
  const zone = useZone();
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  useAsked({ invite: () => setDialog({ kind: "invite" }) });
  const invited = invites.length > 0 ? `, ${invites.length} invited` : "";
  return (
    <div className="page">
      <PageHead title="Team" meta={`${counted(members.length, "member")}${invited}`}>
        <Button tone="primary" icon={<PlusIcon size={14} />} onClick={() => setDialog({ kind: "invite" })}>
          Invite
        </Button>
      </PageHead>
      <table className="entries">
        <thead>
          <tr>
            <th>Member</th>
            <th className="low-rank">E-mail</th>
            <th>Role</th>
            <th>Status</th>
            <th>Last active</th>
            <th className="right">Live keys</th>
            <th className="right">30 days, tokens</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <MemberRow key={member.id} of={member} context={context} onOpen={setDialog} />
          ))}
        </tbody>
      </table>
      <div className="table-foot">
        <span>Tokens are prompt and completion together. Times in {zone}.</span>
      </div>
      <InviteList invites={invites} onRemake={(invite) => setDialog({ kind: "remake", invite })} />
      <TeamDialogs open={dialog} context={context} onClose={() => setDialog(null)} />
    </div>
  );
}
