import { isAdmin } from "@/lib/auth/member";
import type { SignedIn } from "@/lib/auth/session";
import { env } from "@/lib/env";
import { getPolicy } from "@/lib/policy/queries";
import { readStanding } from "../_shell/pods";
import type { KeysContext } from "./key-facts";

/** What the dialogs of the keys pages are told. */
export async function keysContext(member: SignedIn): Promise<KeysContext & { maxKeysPerMember: number }> {
  const [policy, standing] = await Promise.all([getPolicy(), readStanding()]);
  const { maxKeyDays, defaultKeyDays, maxGraceHours, rotateEveryDays, maxKeysPerMember } = policy;
  return {
    viewer: { id: member.memberId, name: member.name, isAdmin: isAdmin(member) },
    policy: { maxKeyDays, defaultKeyDays, maxGraceHours, rotateEveryDays },
    publicUrl: env.PUBLIC_URL,
    models: standing.models,
    maxKeysPerMember,
  };
}
