"use server";

import { receiveReport } from "@/lib/abuse/leaks/receive-report";
import { reportSchema } from "@/lib/abuse/leaks/schema";
import { type ActionResult, answer } from "@/lib/auth/member-action";
import { requestOrigin } from "@/lib/auth/session";

/** Takes a report of a leaked secret from anybody; answers the same whether it was real or not. */
export async function reportLeakAction(_last: ActionResult<null> | null, form: FormData): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, reportSchema, async (reporter, { secret }) => {
    await receiveReport(secret, reporter);
    return null;
  });
}
