"use client";

import { type FormEvent, type ReactNode, useState } from "react";
import type { Refusal } from "@/lib/auth/member-action";
import { Button } from "./button";
import { Dialog, DialogBody, DialogFoot } from "./dialog";
import { TextField } from "./field";
import { Refused } from "./refused";

type FinalDialogProps = {
  /** Verb and name: "Revoke laptop". */
  title: string;
  /** The verb again, on the button: "Revoke key". */
  verb: string;
  /** To be typed before the button works, where much would break; null asks for nothing. */
  typedName?: string | null;
  /** What the form sends beside its button. */
  fields: Readonly<Record<string, string>>;
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  busy: boolean;
  refusal: Refusal | null;
  onClose: () => void;
  /** What happens, and what breaks. */
  children: ReactNode;
};

/** Asks before something that breaks programs. The focus starts on Cancel; the button is red and alone in being so. */
export function FinalDialog(props: FinalDialogProps) {
  const { title, verb, typedName = null, fields, onSubmit, busy, refusal, onClose, children } = props;
  const [typed, setTyped] = useState("");
  const isConfirmed = typedName === null || typed.trim() === typedName;
  return (
    <Dialog title={title} narrow alert onDismiss={onClose}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          {children}
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            {Object.entries(fields).map(([name, value]) => (
              <input key={name} type="hidden" name={name} value={value} />
            ))}
            {typedName !== null && (
              <TextField
                label={
                  <>
                    Type <b>{typedName}</b> to confirm
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
            {verb}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
