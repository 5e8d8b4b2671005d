"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { SelectField, TextField } from "@/app/_ui/field";
import { ChevronIcon } from "@/app/_ui/icons";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { createAction } from "./actions";
import { ExpiryField } from "./expiry-field";
import { IssuedSecret, useAskFirst } from "./issued-secret";
import type { KeysContext, MemberChoice } from "./key-facts";
import { LimitFields } from "./limit-fields";

type Created = Extract<Awaited<ReturnType<typeof createAction>>, { ok: true }>["value"];

type CreateDialogProps = {
  context: KeysContext;
  /** For admins: whose key it may become. */
  members: readonly MemberChoice[];
  onClose: () => void;
};

/** Makes a key; the same dialog then shows its secret, once. */
export function CreateDialog({ context, members, onClose }: CreateDialogProps) {
  const [name, setName] = useState("laptop");
  const [memberId, setMemberId] = useState(context.viewer.id);
  const [created, setCreated] = useState<Created | null>(null);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(createAction, setCreated);
  const { asked, keep, dismiss } = useAskFirst(created !== null, onClose);
  const owner = members.find(({ id }) => id === memberId);
  const memberName = owner?.name ?? context.viewer.name;
  const choosable = members.filter(({ isDisabled }) => !isDisabled);

  return (
    <Dialog
      title={created ? `${name} is ready` : "New key"}
      narrow={!created}
      holdsHistory={created !== null}
      onDismiss={dismiss}
    >
      {created ? (
        <IssuedSecret
          secret={created.secret}
          hint={created.hint}
          keyName={name}
          memberName={memberName}
          expiresAt={created.expiresAt}
          models={created.models}
          context={context}
          asked={asked}
          onKeep={keep}
          onClose={onClose}
        />
      ) : (
        <form onSubmit={onSubmit} noValidate>
          <DialogBody>
            <div className="rows">
              <Refused refusal={refusal} />
              <TextField
                label="Name"
                name="name"
                value={name}
                onChange={(event) => setName(event.target.value)}
                onFocus={(event) => event.target.select()}
                maxLength={64}
                autoComplete="off"
                help="Where it will be used, so that you recognise it later."
                error={errorOf("name")}
                data-focus
              />
              {choosable.length > 1 && (
                <SelectField
                  label="Member"
                  name="memberId"
                  value={memberId}
                  onChange={(event) => setMemberId(event.target.value)}
                  help={
                    memberId === context.viewer.id
                      ? undefined
                      : `It becomes ${memberName}'s key. Hand over the secret safely.`
                  }
                  error={errorOf("memberId")}
                >
                  {choosable.map((member) => (
                    <option key={member.id} value={member.id}>
                      {member.id === context.viewer.id ? `${member.name} (you)` : member.name}
                    </option>
                  ))}
                </SelectField>
              )}
              <ExpiryField policy={context.policy} error={errorOf("expires")} />
            </div>
            <details className="disclosure">
              <summary>
                <ChevronIcon size={12} />
                Limits <span className="muted">your team's defaults unless you say otherwise</span>
              </summary>
              <LimitFields
                key={memberId}
                fallback={owner?.defaults ?? {}}
                rotateEveryDays={context.policy.rotateEveryDays}
                models={context.models}
                errorOf={errorOf}
              />
            </details>
          </DialogBody>
          <DialogFoot>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={busy}>
              Create key
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
