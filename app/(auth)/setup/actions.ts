"use server";

import { redirect } from "next/navigation";
import * as z from "zod/mini";
import { handOver, maySetUp } from "@/lib/auth/browser-session";
import { HOME } from "@/lib/auth/callback-path";
import { type ActionResult, adminAction, answer } from "@/lib/auth/member-action";
import { createOwner } from "@/lib/auth/owner";
import { setupSchema } from "@/lib/auth/schema";
import { requestOrigin } from "@/lib/auth/session";
import { AppError } from "@/lib/errors";
import { createKey } from "@/lib/keys/mutations";
import { createKeySchema } from "@/lib/keys/schema";
import { addPod, removePod, testPod } from "@/lib/pods/mutations";
import { listPods } from "@/lib/pods/queries";
import { addPodSchema, testPodSchema } from "@/lib/pods/schema";
import { keepStep } from "./step";

/** Step one: the owner, signed in at once. Only from this machine or with the code that the log printed. */
export async function createOwnerAction(_last: ActionResult<null> | null, form: FormData): Promise<ActionResult<null>> {
  return answer(form, requestOrigin, setupSchema, async (browser, { code, ...owner }) => {
    if (!(await maySetUp(code)))
      throw new AppError("forbidden", "The setup code is wrong. Podpass prints it when it starts.");
    const now = new Date();
    const { sessionId } = await createOwner(owner, browser, now);
    await handOver(sessionId, now);
    await keepStep("pod");
    return null;
  });
}

/** Step two, before saving: is it there, and does it take the key? */
export const testPodAction = adminAction(testPodSchema, (actor, input) => testPod(actor, input));

/** Step two: the team's own pod. The simulated one leaves with its arrival. */
export const addPodAction = adminAction(addPodSchema, async (actor, input, now) => {
  const simulated = (await listPods(actor)).filter(({ simulatedAt }) => simulatedAt !== null);
  await addPod(actor, input, now);
  for (const { id } of simulated) await removePod(actor, { podId: id }, now);
  await keepStep("key");
  return null;
});

/** Step three: the first key. Its secret is in this answer alone. */
export const createFirstKeyAction = adminAction(createKeySchema, (actor, { name }, now) =>
  createKey(actor, { name }, now),
);

/** Goes on without doing a step. */
export const skipAction = adminAction(z.object({ to: z.enum(["key", "end"]) }), async (_actor, { to }) => {
  await keepStep(to === "key" ? "key" : null);
  if (to === "end") redirect(HOME);
  return null;
});
