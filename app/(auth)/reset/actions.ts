"use server";

import { handOver } from "@/lib/auth/browser-session";
import { type ActionResult, answer } from "@/lib/auth/member-action";
import { requestPasswordReset, resetPassword } from "@/lib/auth/resets";
import { requestResetSchema, resetPasswordSchema } from "@/lib/auth/schema";
import { requestOrigin } from "@/lib/auth/session";

/** Mails a link if the address is a member's; answers the same in any case. */
export async function requestResetAction(
  _last: ActionResult<null> | null,
  form: FormData,
): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, requestResetSchema, async ({ ip }, input) => {
    await requestPasswordReset(input, ip, new Date());
    return null;
  });
}

/** Chooses a new password: whoever holds the link's token may, so nobody has to be signed in. */
export async function resetPasswordAction(
  _last: ActionResult<null> | null,
  form: FormData,
): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, resetPasswordSchema, async (browser, input) => {
    const now = new Date();
    const { sessionId } = await resetPassword(input, browser, now);
    await handOver(sessionId, now);
    return null;
  });
}
