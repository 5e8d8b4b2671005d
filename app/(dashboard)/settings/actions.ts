"use server";

import { revalidatePath } from "next/cache";
import * as z from "zod/mini";
import { keepIntent } from "@/lib/auth/intent";
import { adminAction, memberAction } from "@/lib/auth/member-action";
import { changePassword, disconnectAccount, updateProfile } from "@/lib/auth/profile";
import { accountIdSchema, changePasswordSchema, profileSchema, sessionIdSchema } from "@/lib/auth/schema";
import { endOtherSessions, endOwnSession } from "@/lib/auth/sessions";
import { env } from "@/lib/env";
import { testLetter } from "@/lib/mail/letters";
import { sendMail } from "@/lib/mail/send";
import { updatePolicy } from "@/lib/policy/mutations";
import { countKeysBeyond } from "@/lib/policy/queries";
import { policyFormSchema } from "@/lib/policy/schema";

const refresh = () => revalidatePath("/settings");
const nothing = z.object({});

export const profileAction = memberAction(profileSchema, async (actor, input, now) => {
  await updateProfile(actor, input, now);
  // Name and zone stand on every page.
  revalidatePath("/", "layout");
});

export const passwordAction = memberAction(changePasswordSchema, async (actor, input, now) => {
  await changePassword(actor, input, now);
  refresh();
});

/** Before leaving for a provider: remembers who is to be connected, so that coming back does it. */
export const connectAction = memberAction(nothing, async ({ memberId }) => {
  await keepIntent({ connect: memberId });
});

export const disconnectAction = memberAction(accountIdSchema, async (actor, input, now) => {
  await disconnectAccount(actor, input, now);
  refresh();
});

export const endSessionAction = memberAction(sessionIdSchema, async (actor, input, now) => {
  await endOwnSession(actor, input, now);
  refresh();
});

export const endOthersAction = memberAction(nothing, async (actor, _input, now) => {
  const { ended } = await endOtherSessions(actor, now);
  refresh();
  return { ended };
});

/** How many keys a wanted policy would leave beyond its longest life; saves nothing. */
export const policyEffectAction = adminAction(policyFormSchema, async (_actor, { maxKeyDays }, now) => ({
  keysBeyond: await countKeysBeyond(maxKeyDays ?? null, now),
}));

export const policyAction = adminAction(policyFormSchema, async (actor, input, now) => {
  await updatePolicy(actor, input, now);
  revalidatePath("/", "layout");
});

/** Sends a mail to whoever asks; the server's own words come back. */
export const testMailAction = adminAction(nothing, async (actor) => ({
  to: actor.email,
  mail: await sendMail(testLetter({ to: actor.email, host: new URL(env.PUBLIC_URL).host })),
}));
