"use server";

import * as z from "zod/mini";
import { handOver } from "@/lib/auth/browser-session";
import { keepIntent } from "@/lib/auth/intent";
import { acceptInvite, viewInvite } from "@/lib/auth/invites";
import { type ActionResult, answer } from "@/lib/auth/member-action";
import { acceptInviteSchema, linkTokenSchema } from "@/lib/auth/schema";
import { requestOrigin } from "@/lib/auth/session";
import { AppError } from "@/lib/errors";

/** Joins by the link: whoever holds its token may, so nobody has to be signed in. */
export async function acceptInviteAction(
  _last: ActionResult<null> | null,
  form: FormData,
): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, acceptInviteSchema, async (browser, input) => {
    const now = new Date();
    const { sessionId } = await acceptInvite(input, browser, now);
    await handOver(sessionId, now);
    return null;
  });
}

const joinElsewhere = z.object({ token: linkTokenSchema });

/** Before leaving for a provider: remembers the invite, so that coming back joins. */
export async function keepInviteAction(_last: ActionResult<null> | null, form: FormData): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, joinElsewhere, async (_browser, { token }) => {
    const view = await viewInvite(token, new Date());
    if (view.state !== "open")
      throw new AppError("not_found", "This link was used, revoked or has expired. Ask for a new one.");
    await keepIntent({ invite: token });
    return null;
  });
}
