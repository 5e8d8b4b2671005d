"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { KeyDamage } from "./key-damage";
import type { KeyFacts, KeysContext } from "./key-facts";

type DisableDialogProps = { of: KeyFacts; context: KeysContext; onClose: () => void; onDisable: () => void };

/** Says what breaks before a key in use is disabled. One press, nothing to type: it can be enabled again. */
export function DisableDialog({ of, context, onClose, onDisable }: DisableDialogProps) {
  const [key] = useState(of);
  return (
    <Dialog title={`Disable ${key.name}`} narrow alert onDismiss={onClose}>
      <DialogBody>
        <KeyDamage of={key} isOthers={key.member.id !== context.viewer.id} />
        <p className="gap-above">Its secrets, limits and history stay, and it works again once it is enabled.</p>
      </DialogBody>
      <DialogFoot>
        <Button onClick={onClose} data-focus>
          Cancel
        </Button>
        <Button tone="danger" onClick={onDisable}>
          Disable key
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
