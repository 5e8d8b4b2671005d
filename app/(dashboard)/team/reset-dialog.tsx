"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { MemberRow } from "@/lib/auth/queries";
import { resetLinkAction } from "./actions";
import { MadeLink } from "./made-link";

type Made = Extract<Awaited<ReturnType<typeof resetLinkAction>>, { ok: true }>["value"];

/** A link with which a member chooses a new password, to hand over. */
export function ResetDialog({ of, onClose }: { of: MemberRow; onClose: () => void }) {
  const [member] = useState(of);
  const [made, setMade] = useState<Made | null>(null);
  const { onSubmit, busy, refusal } = useFormAction(resetLinkAction, setMade);
  return (
    <Dialog
      title={made ? `${member.name}'s link is ready` : `New password for ${member.name}`}
      narrow
      onDismiss={onClose}
    >
      {made ? (
        <MadeLink label="Password link" {...made} to={member.email} onClose={onClose} />
      ) : (
        <form onSubmit={onSubmit}>
          <DialogBody>
            <p>
              You get a link with which {member.name} chooses a new password. It works once, for 24 hours. Whoever uses
              it is signed in as {member.name}, so send it to nobody else.
            </p>
            <p className="gap-above">
              Until then the password they have keeps working. Using the link ends all their sessions; their keys are
              not affected.
            </p>
            <Refused refusal={refusal} />
            <input type="hidden" name="memberId" value={member.id} />
          </DialogBody>
          <DialogFoot>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={busy} data-focus>
              Make the link
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
