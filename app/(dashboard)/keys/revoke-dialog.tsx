"use client";

import { useState } from "react";
import { useNow } from "@/app/_ui/clock";
import { FinalDialog } from "@/app/_ui/final-dialog";
import { useFormAction } from "@/app/_ui/use-form-action";
import { revokeAction } from "./actions";
import { KeyDamage } from "./key-damage";
import { isInUse, type KeyFacts, type KeysContext } from "./key-facts";

type RevokeDialogProps = { of: KeyFacts; context: KeysContext; onClose: () => void; onRevoked: () => void };

/** Ends a key for good. Friction follows damage: the name is typed only for a key in use, or somebody else's. */
export function RevokeDialog({ of, context, onClose, onRevoked }: RevokeDialogProps) {
  const now = useNow();
  const [key] = useState(of);
  const form = useFormAction(revokeAction, onRevoked);
  const isOthers = key.member.id !== context.viewer.id;
  return (
    <FinalDialog
      {...form}
      title={`Revoke ${key.name}`}
      verb="Revoke key"
      typedName={isOthers || isInUse(key, now) ? key.name : null}
      fields={{ keyId: key.id }}
      onClose={onClose}
    >
      <KeyDamage of={key} isOthers={isOthers} />
      <p className="gap-above">
        This is for good: a revoked key can't be brought back. Its usage and history stay. To stop it for a while,
        disable it instead.
      </p>
    </FinalDialog>
  );
}
