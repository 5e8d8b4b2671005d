"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { remakeInviteAction } from "./actions";
import { MadeLink } from "./made-link";

type Made = Extract<Awaited<ReturnType<typeof remakeInviteAction>>, { ok: true }>["value"];
type RemakeDialogProps = { invite: { id: string; email: string | null }; onClose: () => void };

/** Makes an invite's link again: the former can't be shown, because only its hash is kept. */
export function RemakeDialog({ invite: of, onClose }: RemakeDialogProps) {
  const [invite] = useState(of);
  const [made, setMade] = useState<Made | null>(null);
  const { onSubmit, busy, refusal } = useFormAction(remakeInviteAction, setMade);
  const whom = invite.email ?? "whoever has the link";
  return (
    <Dialog title={made ? "The new link is ready" : `New link for ${whom}`} narrow onDismiss={onClose}>
      {made ? (
        <MadeLink label="Invite link" {...made} to={invite.email} onClose={onClose} />
      ) : (
        <form onSubmit={onSubmit}>
          <DialogBody>
            <p>A link is shown only when it is made. The new one works for 7 days; the one before stops working.</p>
            <Refused refusal={refusal} />
            <input type="hidden" name="inviteId" value={invite.id} />
          </DialogBody>
          <DialogFoot>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={busy} data-focus>
              Make a new link
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
