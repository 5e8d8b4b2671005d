"use server";

import { revalidatePath } from "next/cache";
import { createInvite, remakeInvite, revokeInvite } from "@/lib/auth/invites";
import { adminAction } from "@/lib/auth/member-action";
import { changeRole, disableMember, enableMember, setMemberLimits } from "@/lib/auth/mutations";
import { memberFootprint } from "@/lib/auth/queries";
import { createPasswordReset } from "@/lib/auth/resets";
import { changeRoleSchema, inviteIdSchema, inviteSchema, memberIdSchema, memberLimitsSchema } from "@/lib/auth/schema";

const refresh = () => revalidatePath("/team");

export const inviteAction = adminAction(inviteSchema, async (actor, input, now) => {
  const made = await createInvite(actor, input, now);
  refresh();
  return made;
});

export const remakeInviteAction = adminAction(inviteIdSchema, async (actor, input, now) => {
  const made = await remakeInvite(actor, input, now);
  refresh();
  return made;
});

export const revokeInviteAction = adminAction(inviteIdSchema, async (actor, input, now) => {
  await revokeInvite(actor, input, now);
  refresh();
});

export const changeRoleAction = adminAction(changeRoleSchema, async (actor, input, now) => {
  await changeRole(actor, input, now);
  refresh();
});

/** What disabling would stop, for the dialog that asks first. */
export const footprintAction = adminAction(memberIdSchema, (actor, { memberId }, now) =>
  memberFootprint(actor, memberId, now),
);

export const disableAction = adminAction(memberIdSchema, async (actor, input, now) => {
  const stopped = await disableMember(actor, input, now);
  refresh();
  return stopped;
});

export const enableAction = adminAction(memberIdSchema, async (actor, input, now) => {
  await enableMember(actor, input, now);
  refresh();
});

export const resetLinkAction = adminAction(memberIdSchema, createPasswordReset);

export const memberLimitsAction = adminAction(memberLimitsSchema, async (actor, input, now) => {
  await setMemberLimits(actor, input, now);
  refresh();
});
