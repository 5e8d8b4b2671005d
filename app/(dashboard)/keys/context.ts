import { isAdmin } from "@/lib/auth/member";
import { memberChoices } from "@/lib/auth/queries";
import type { SignedIn } from "@/lib/auth/session";
import { env } from "@/lib/env";
import { effectiveLimits, LIMIT_NAMES, type Limits, NO_LIMITS } from "@/lib/keys/limits";
import { getPolicy } from "@/lib/policy/queries";
import { readStanding } from "../_shell/pods";
import type { KeysContext, MemberChoice } from "./key-facts";

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

/** The members an actor may see, with what holds for a new key of theirs. */
export async function choosableMembers(member: SignedIn): Promise<MemberChoice[]> {
  const [choices, policy] = await Promise.all([memberChoices(member), getPolicy()]);
  return choices.map(({ id, name, role, disabledAt, limits }) => {
    const effective = effectiveLimits(NO_LIMITS, limits, policy.roleLimits[role]);
    const defaults: Limits = { ...NO_LIMITS };
    for (const limit of LIMIT_NAMES) defaults[limit] = effective[limit].value;
    return { id, name, isDisabled: disabledAt !== null, defaults };
  });
}
