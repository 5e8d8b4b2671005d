"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { Role } from "@/lib/auth/member";
import type { MemberRow } from "@/lib/auth/queries";
import { mayGrant } from "@/lib/auth/role-rules";
import { changeRoleAction } from "./actions";
import type { TeamContext } from "./context";
import { RoleChoices } from "./role-choices";

type RoleDialogProps = { of: MemberRow; context: TeamContext; onClose: () => void };

/** Gives a member another role. */
export function RoleDialog({ of, context: { viewer }, onClose }: RoleDialogProps) {
  const [member] = useState(of);
  const [role, setRole] = useState<Role>(member.role);
  const { onSubmit, busy, refusal } = useFormAction(changeRoleAction, () => {
    showToast(`${member.name} has a new role`);
    onClose();
  });
  const isSelf = member.id === viewer.id;
  function refusalOf(each: Role) {
    if (mayGrant(viewer, each)) return null;
    return isSelf ? "Nobody can raise their own role." : "Only an owner can make somebody an owner.";
  }
  return (
    <Dialog title={`Change ${member.name}'s role`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit}>
        <DialogBody>
          <p>
            {isSelf
              ? "This is your own role. What you give up, only somebody else can give back."
              : "It counts from their next click. Limits that their keys take from the role change within 5 seconds."}
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="memberId" value={member.id} />
            <RoleChoices value={role} onChange={setRole} refusalOf={refusalOf} />
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy} disabled={role === member.role}>
            Change role
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
