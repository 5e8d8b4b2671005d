"use client";

import { useEffect, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { counted } from "@/app/_ui/figures";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import type { MemberRow } from "@/lib/auth/queries";
import { disableAction, footprintAction } from "./actions";

type Footprint = { sessions: number; keys: number };

/** Ends a member's sessions and stops their keys, after saying how many of each. */
export function DisableDialog({ of, onClose }: { of: MemberRow; onClose: () => void }) {
  const [member] = useState(of);
  const [footprint, setFootprint] = useState<Footprint | null>(null);
  const { onSubmit, busy, refusal } = useFormAction(disableAction, () => {
    showToast(`${member.name} is disabled`);
    onClose();
  });

  // Counted when it is asked for: the page behind may be an hour old.
  useEffect(() => {
    let left = false;
    footprintAction(null, formOf({ memberId: member.id })).then(
      (result) => !left && result.ok && setFootprint(result.value),
      () => {}, // the sentence without its figures is true as well
    );
    return () => {
      left = true;
    };
  }, [member.id]);

  return (
    <Dialog title={`Disable ${member.name}`} narrow alert onDismiss={onClose}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          <p aria-live="polite">
            {footprint
              ? `This ends ${counted(footprint.sessions, "session")} at once and stops ${counted(footprint.keys, "live key")} within 5 seconds.`
              : "This ends their sessions at once and stops their keys within 5 seconds."}{" "}
            Programs that use them fail until you enable {member.name} again.
          </p>
          <p className="gap-above">
            Invites they sent and nobody used are revoked. Their usage and history stay under their name.
          </p>
          <Refused refusal={refusal} />
          <input type="hidden" name="memberId" value={member.id} />
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose} data-focus>
            Cancel
          </Button>
          <Button type="submit" tone="final" busy={busy}>
            Disable member
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
