"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { PasswordField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { replaceKeyAction } from "./actions";
import type { PodView } from "./read-pods";

/** Stores another key for a pod. The one before is tried for another day, then deleted; neither is ever shown. */
export function ReplaceKeyDialog({ of, onClose }: { of: PodView; onClose: () => void }) {
  const [pod] = useState(of);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(replaceKeyAction, () => {
    showToast(`${pod.name} has another key`);
    onClose();
  });
  return (
    <Dialog title={pod.hasKey ? `Replace ${pod.name}'s key` : `Store ${pod.name}'s key`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <DialogBody>
          <p>
            Nothing restarts and no call is lost: for a day both keys are tried, so it doesn't matter whether the pod
            gets the new one first or Podpass. No member's key changes.
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="podId" value={pod.id} />
            <PasswordField
              label="New key"
              name="apiKey"
              autoComplete="off"
              help="What vLLM was started with (--api-key or VLLM_API_KEY). Stored encrypted, never shown."
              error={errorOf("apiKey")}
              data-focus
            />
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {pod.hasKey ? "Replace key" : "Store key"}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
