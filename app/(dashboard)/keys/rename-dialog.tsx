"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { renameAction } from "./actions";
import type { KeyFacts } from "./key-facts";

/** Gives a key another name. Nothing else changes, and programs notice nothing. */
export function RenameDialog({ of, onClose }: { of: KeyFacts; onClose: () => void }) {
  const [key] = useState(of);
  const [name, setName] = useState(key.name);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(renameAction, onClose);
  return (
    <Dialog title={`Rename ${key.name}`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <DialogBody>
          <div className="rows">
            <Refused refusal={refusal} />
            <input type="hidden" name="keyId" value={key.id} />
            <TextField
              label="Name"
              name="name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              onFocus={(event) => event.target.select()}
              maxLength={64}
              autoComplete="off"
              help="Secrets, limits and usage stay as they are."
              error={errorOf("name")}
              data-focus
            />
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            Rename key
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
