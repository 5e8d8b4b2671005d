import { cookies } from "next/headers";
import { optionalMember, type SignedIn } from "@/lib/auth/session";

/** What is left of setup once there is an owner. A cookie remembers it for an hour, so that a reload resumes. */
export const STEPS = ["pod", "key"] as const;
export type Step = (typeof STEPS)[number];

const STEP_COOKIE = "podpass-setup";

export async function keepStep(step: Step | null): Promise<void> {
  const jar = await cookies();
  if (step === null) jar.delete({ name: STEP_COOKIE, path: "/setup" });
  else jar.set(STEP_COOKIE, step, { httpOnly: true, sameSite: "strict", path: "/setup", maxAge: 3_600 });
}

/** The owner who is in the middle of setup, and where; null for everybody else: to them the page does not exist. */
export async function resuming(): Promise<{ owner: SignedIn; step: Step } | null> {
  const named = (await cookies()).get(STEP_COOKIE)?.value;
  const step = STEPS.find((known) => known === named);
  const owner = step === undefined ? null : await optionalMember();
  return step && owner?.role === "OWNER" ? { owner, step } : null;
}
