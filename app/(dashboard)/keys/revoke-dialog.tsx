"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { TextField } from "@/app/_ui/field";
import { ago } from "@/app/_ui/moments";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { useZone } from "@/app/_ui/zone";
import { revokeAction } from "./actions";
import type { KeyFacts, KeysContext } from "./key-facts";

const WEEK_MS = 7 * 86_400_000;

type RevokeDialogProps = { of: KeyFacts; context: KeysContext; onClose: () => void; onRevoked: () => void };

/** Ends a key for good. Friction follows damage: the name is typed only for a key in use, or somebody else's. */
export function RevokeDialog({ of, context, onClose, onRevoked }: RevokeDialogProps) {
  const now = useNow();
  const zone = useZone();
  const [key] = useState(of);
  const [typed, setTyped] = useState("");
  const { onSubmit, busy, refusal } = useFormAction(revokeAction, onRevoked);

  const isOthers = key.member.id !== context.viewer.id;
  const { lastUsedAt } = key;
  const isInUse = lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < WEEK_MS;
  const hasToType = isOthers || isInUse;
  const isConfirmed = !hasToType || typed.trim() === key.name;

  return (
    <Dialog title={`Revoke ${key.name}`} narrow alert onDismiss={onClose}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          <p>
            {isOthers && `This is ${key.member.name}'s key. `}
            {lastUsedAt
              ? `It was last used ${ago(lastUsedAt, zone, now)}. Every call with it fails within 5 seconds, everywhere.`
              : "It was never used. From now on every call with it fails."}
          </p>
          <p className="gap-above">
            This is for good: a revoked key can't be brought back. Its usage and history stay. To stop it for a while,
            disable it instead.
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="keyId" value={key.id} />
            {hasToType && (
              <TextField
                label={
                  <>
                    Type <b>{key.name}</b> to confirm
                  </>
                }
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
              />
            )}
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose} data-focus>
            Cancel
          </Button>
          <Button type="submit" tone="final" busy={busy} disabled={!isConfirmed}>
            Revoke key
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
