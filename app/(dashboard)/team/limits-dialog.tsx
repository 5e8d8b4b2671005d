"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { MemberRow } from "@/lib/auth/queries";
import { LIMIT_FIELDS, placeholderOf, shownLimit } from "../_words/limits";
import { roleName } from "../_words/roles";
import { memberLimitsAction } from "./actions";
import type { TeamContext } from "./context";

type LimitsDialogProps = { of: MemberRow; context: TeamContext; onClose: () => void };

/** A member's own ceiling over all of their keys together. An emptied field leaves it to the role. */
export function LimitsDialog({ of, context, onClose }: LimitsDialogProps) {
  const [member] = useState(of);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(memberLimitsAction, () => {
    showToast(`${member.name} has new limits`);
    onClose();
  });
  const fallback = context.roleLimits[member.role];
  return (
    <Dialog title={`Limits of ${member.name}`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <DialogBody>
          <p>
            They hold for all of {member.name}'s keys together, within 5 seconds. An empty field leaves it to the role,{" "}
            {roleName(member.role)}.
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="memberId" value={member.id} />
            <div className="pairs">
              {LIMIT_FIELDS.map(({ limit, field, label, unit }, index) => (
                <TextField
                  key={limit}
                  label={label}
                  name={field}
                  unit={unit}
                  inputMode={unit ? "decimal" : "numeric"}
                  autoComplete="off"
                  defaultValue={shownLimit(limit, member[limit])}
                  placeholder={placeholderOf(limit, fallback[limit])}
                  error={errorOf(field)}
                  data-focus={index === 0 || undefined}
                />
              ))}
            </div>
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
