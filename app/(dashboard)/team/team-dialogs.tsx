"use client";

import dynamic from "next/dynamic";
import type { OpenDialog, TeamContext } from "./context";

// A dialog's code comes when it is opened: the list is there first.
const InviteDialog = dynamic(() => import("./invite-dialog").then((module) => module.InviteDialog), { ssr: false });
const RemakeDialog = dynamic(() => import("./remake-dialog").then((module) => module.RemakeDialog), { ssr: false });
const RoleDialog = dynamic(() => import("./role-dialog").then((module) => module.RoleDialog), { ssr: false });
const DisableDialog = dynamic(() => import("./disable-dialog").then((module) => module.DisableDialog), { ssr: false });
const ResetDialog = dynamic(() => import("./reset-dialog").then((module) => module.ResetDialog), { ssr: false });
const LimitsDialog = dynamic(() => import("./limits-dialog").then((module) => module.LimitsDialog), { ssr: false });

type TeamDialogsProps = { open: OpenDialog | null; context: TeamContext; onClose: () => void };

/** The one dialog that is open, if any. */
export function TeamDialogs({ open, context, onClose }: TeamDialogsProps) {
  switch (open?.kind) {
    case "invite":
      return <InviteDialog context={context} onClose={onClose} />;
    case "remake":
      return <RemakeDialog invite={open.invite} onClose={onClose} />;
    case "role":
      return <RoleDialog of={open.member} context={context} onClose={onClose} />;
    case "disable":
      return <DisableDialog of={open.member} onClose={onClose} />;
    case "reset":
      return <ResetDialog of={open.member} onClose={onClose} />;
    case "limits":
      return <LimitsDialog of={open.member} context={context} onClose={onClose} />;
    default:
      return null;
  }
}
