"use server";

import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { requireOwnOrigin } from "@/lib/auth/member-action";
import { optionalMember } from "@/lib/auth/session";
import { sessionCookieName, sessionCookieOptions } from "@/lib/auth/session-cookie";
import { endSession } from "@/lib/auth/sessions";

/** Ends this browser's session and forgets its cookie. */
export async function signOutAction() {
  await requireOwnOrigin();
  const member = await optionalMember();
  if (member) await endSession(member.sessionId, new Date());
  (await cookies()).set(sessionCookieName(), "", { ...sessionCookieOptions(), maxAge: 0 });
  redirect("/sign-in");
}
