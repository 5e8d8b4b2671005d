"use client";

import { Button } from "@/app/_ui/button";
import { LinkIcon } from "@/app/_ui/icons";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import type { InviteRow } from "@/lib/auth/queries";
import { roleName } from "../_words/roles";
import { revokeInviteAction } from "./actions";

type InviteListProps = {
  invites: readonly InviteRow[];
  onRemake: (invite: { id: string; email: string | null }) => void;
};

/** Links that nobody has used yet. */
export function InviteList({ invites, onRemake }: InviteListProps) {
  const { send, busy, refusal } = useFormAction(revokeInviteAction, () => showToast("The invite's link is dead"));
  if (invites.length === 0) return null;
  return (
    <section className="gap-above-lg">
      <SectionTitle meta="a link works once, for 7 days">Invited</SectionTitle>
      <Refused refusal={refusal} />
      <table className="entries">
        <thead>
          <tr>
            <th>For</th>
            <th>Role</th>
            <th>Invited by</th>
            <th>Ends</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {invites.map((invite) => (
            <tr key={invite.id}>
              <th scope="row" className="anywhere">
                {invite.email ?? "Whoever has the link"}
              </th>
              <td className="at-end">{roleName(invite.role)}</td>
              <td className="no-phone">
                {invite.invitedBy}, <Time at={invite.createdAt} />
              </td>
              <td data-label="Ends">
                <Time at={invite.expiresAt} style="dayAndTime" />
              </td>
              <td className="right whole">
                <span className="row">
                  <Button size="small" className="push" icon={<LinkIcon size={14} />} onClick={() => onRemake(invite)}>
                    New link
                  </Button>
                  <Button
                    size="small"
                    tone="quiet"
                    busy={busy}
                    aria-label={`Revoke the invite for ${invite.email ?? "whoever has the link"}`}
                    onClick={() => send(formOf({ inviteId: invite.id }))}
                  >
                    Revoke
                  </Button>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
