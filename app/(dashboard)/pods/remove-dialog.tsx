"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { TextField } from "@/app/_ui/field";
import { counted } from "@/app/_ui/figures";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { removeAction } from "./actions";
import type { PodView } from "./read-pods";

/** Takes a pod out of service for good. Its name is typed only while it is in use. */
export function RemoveDialog({ of, onClose }: { of: PodView; onClose: () => void }) {
  const [pod] = useState(of);
  const [typed, setTyped] = useState("");
  const { onSubmit, busy, refusal } = useFormAction(removeAction, () => {
    showToast(`${pod.name} is removed`);
    onClose();
  });
  const isInUse = pod.hour.requests > 0 || pod.runningCount > 0;
  const isConfirmed = !isInUse || typed.trim() === pod.name;
  return (
    <Dialog title={`Remove ${pod.name}`} narrow alert onDismiss={onClose}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          <p>
            {isInUse &&
              `${counted(pod.runningCount, "call")} on it now, ${counted(pod.hour.requests, "request")} in the last hour. `}
            It gets no new calls; those that run finish. Calls for models that only it serves fail from then on.
          </p>
          <p className="gap-above">
            This is for good: its stored key is deleted. Its usage and history stay. To stop it for a while, pause it
            instead.
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="podId" value={pod.id} />
            {isInUse && (
              <TextField
                label={
                  <>
                    Type <b>{pod.name}</b> to confirm
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
            Remove pod
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
