"use client";

import { useState } from "react";
import { counted } from "@/app/_ui/figures";
import { FinalDialog } from "@/app/_ui/final-dialog";
import { showToast } from "@/app/_ui/toast";
import { useAnswer } from "@/app/_ui/use-answer";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { MemberRow } from "@/lib/auth/queries";
import { disableAction, footprintAction } from "./actions";

/** Ends a member's sessions and stops their keys, after saying how many of each. */
export function DisableDialog({ of, onClose }: { of: MemberRow; onClose: () => void }) {
  const [member] = useState(of);
  const footprint = useAnswer(footprintAction, "memberId", member.id);
  const form = useFormAction(disableAction, () => {
    showToast(`${member.name} is disabled`);
    onClose();
  });
  return (
    <FinalDialog
      {...form}
      title={`Disable ${member.name}`}
      verb="Disable member"
      fields={{ memberId: member.id }}
      onClose={onClose}
    >
      <p aria-live="polite">
        {footprint
          ? `This ends ${counted(footprint.sessions, "session")} at once and stops ${counted(footprint.keys, "live key")} within 5 seconds.`
          : "This ends their sessions at once and stops their keys within 5 seconds."}{" "}
        Programs that use them fail until you enable {member.name} again.
      </p>
      <p className="gap-above">
        Invites they sent and nobody used are revoked. Their usage and history stay under their name.
      </p>
    </FinalDialog>
  );
}
