"use client";

import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { type EffectiveLimit, LIMIT_NAMES, type LimitName, type Limits } from "@/lib/keys/limits";
import { updateLimitsAction } from "../actions";
import { ExpiryField } from "../expiry-field";
import type { KeysContext } from "../key-facts";
import { LimitFields } from "../limit-fields";

export type OwnLimits = Limits & {
  models: readonly string[];
  cidrs: readonly string[];
  rotateEveryDays: number | null;
};

type LimitsDialogProps = {
  keyId: string;
  keyName: string;
  own: OwnLimits;
  effective: Record<LimitName, EffectiveLimit>;
  dates: { createdAt: Date; expiresAt: Date | null };
  context: KeysContext;
  onClose: () => void;
};

/** Changes what a key may use, and until when. An emptied field falls back to the member's and the role's limit. */
export function LimitsDialog({ keyId, keyName, own, effective, dates, context, onClose }: LimitsDialogProps) {
  const { onSubmit, busy, refusal, errorOf } = useFormAction(updateLimitsAction, () => {
    showToast(`${keyName} has new limits`);
    onClose();
  });
  const fallback = Object.fromEntries(
    LIMIT_NAMES.map((name) => [name, effective[name].source === "key" ? null : effective[name].value]),
  );
  return (
    <Dialog title={`Limits of ${keyName}`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <DialogBody>
          <p className="gap-below">New limits hold within 5 seconds, for calls that begin then.</p>
          <Refused refusal={refusal} />
          <input type="hidden" name="keyId" value={keyId} />
          <div className="rows">
            <ExpiryField policy={context.policy} current={dates} error={errorOf("expires")} />
            <LimitFields
              own={own}
              fallback={fallback}
              rotateEveryDays={context.policy.rotateEveryDays}
              models={context.models}
              errorOf={errorOf}
            />
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            Save limits
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
