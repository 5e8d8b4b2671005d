"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { Role } from "@/lib/auth/member";
import { mayGrant } from "@/lib/auth/role-rules";
import { inviteAction } from "./actions";
import type { TeamContext } from "./context";
import { MadeLink } from "./made-link";
import { RoleChoices } from "./role-choices";

type Made = Extract<Awaited<ReturnType<typeof inviteAction>>, { ok: true }>["value"];

/** Makes a link with which one person joins; the same dialog then shows it. */
export function InviteDialog({ context, onClose }: { context: TeamContext; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("MEMBER");
  const [made, setMade] = useState<Made | null>(null);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(inviteAction, setMade);
  const { emailDomains, sendsMail, viewer } = context;
  const to = email.trim() || null;
  const domains = emailDomains.length > 0 ? ` Your team's policy allows ${emailDomains.join(", ")}.` : "";
  const help = sendsMail
    ? "The link then works for this address only, and is mailed there as well."
    : "The link then works for this address only. This Podpass sends no mail: you hand the link over.";
  return (
    <Dialog title={made ? "The invite is ready" : "Invite somebody"} narrow onDismiss={onClose}>
      {made ? (
        <MadeLink label="Invite link" {...made} to={to} onClose={onClose} />
      ) : (
        <form onSubmit={onSubmit} noValidate>
          <DialogBody>
            <p>You get a link to hand over. It works once, for 7 days.</p>
            <div className="rows gap-above">
              <Refused refusal={refusal} />
              <TextField
                label={
                  <>
                    E-mail <span className="muted">optional</span>
                  </>
                }
                name="email"
                type="email"
                autoComplete="off"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
                help={help + domains}
                error={errorOf("email")}
                data-focus
              />
              <RoleChoices
                value={role}
                onChange={setRole}
                refusalOf={(each) => (mayGrant(viewer, each) ? null : "Only an owner can invite an owner.")}
              />
            </div>
          </DialogBody>
          <DialogFoot>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={busy}>
              Make the link
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
