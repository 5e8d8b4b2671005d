"use client";

import dynamic from "next/dynamic";
import type { KeyFacts, KeysContext, MemberChoice } from "./key-facts";

// A dialog's code comes when it is opened: the list is there first.
const CreateDialog = dynamic(() => import("./create-dialog").then((module) => module.CreateDialog), { ssr: false });
const RotateDialog = dynamic(() => import("./rotate-dialog").then((module) => module.RotateDialog), { ssr: false });
const RevokeDialog = dynamic(() => import("./revoke-dialog").then((module) => module.RevokeDialog), { ssr: false });
const DisableDialog = dynamic(() => import("./disable-dialog").then((module) => module.DisableDialog), { ssr: false });
const RenameDialog = dynamic(() => import("./rename-dialog").then((module) => module.RenameDialog), { ssr: false });

export type OpenDialog = { kind: "create" } | { kind: "rotate" | "revoke" | "rename" | "disable"; key: KeyFacts };

type KeyDialogsProps = {
  open: OpenDialog | null;
  context: KeysContext;
  members: readonly MemberChoice[];
  onClose: () => void;
  onRevoked: (key: KeyFacts) => void;
  onDisable: (key: KeyFacts) => void;
};

/** The one dialog that is open, if any. It stands beside the list, so that no refresh of a row takes a secret away. */
export function KeyDialogs({ open, context, members, onClose, onRevoked, onDisable }: KeyDialogsProps) {
  if (!open) return null;
  if (open.kind === "create") return <CreateDialog context={context} members={members} onClose={onClose} />;
  const { key } = open;
  if (open.kind === "rotate") return <RotateDialog of={key} context={context} onClose={onClose} />;
  if (open.kind === "rename") return <RenameDialog of={key} onClose={onClose} />;
  if (open.kind === "disable") {
    return <DisableDialog of={key} context={context} onClose={onClose} onDisable={() => onDisable(key)} />;
  }
  return <RevokeDialog of={key} context={context} onClose={onClose} onRevoked={() => onRevoked(key)} />;
}
