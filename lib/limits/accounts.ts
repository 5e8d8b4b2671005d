import type { CallerFacts, Limits } from "../keys/caller-facts";
import type { LimitName } from "../keys/limits";
import type { Account } from "./ask";

type Caller = Pick<CallerFacts, "keyId" | "limits" | "memberLimits"> & { memberId: string };

/**
 * Whose use a call counts in. A key's own limits bind the key; a member's, or else the role's default, bind all keys of the
 * member together. Only the default gives way: a key that was given more than it is not held to it. Keyed by the key's id,
 * so that a rotation resets nothing.
 */
export function accountsOf({ keyId, memberId, limits, memberLimits }: Caller, role: Limits): Account[] {
  const ceiling = (name: LimitName) => {
    const own = limits[name];
    const byRole = role[name];
    return memberLimits[name] ?? (own !== null && byRole !== null && own > byRole ? null : byRole);
  };
  const member: Account["limits"] = {
    rpm: ceiling("rpm"),
    tpm: ceiling("tpm"),
    concurrency: ceiling("concurrency"),
    monthlyTokens: ceiling("monthlyTokens"),
    monthlyMicroUsd: ceiling("monthlyMicroUsd"),
  };
  const accounts: Account[] = [];
  if (isLimited(limits)) accounts.push({ kind: "key", id: keyId, ownerId: memberId, limits });
  if (isLimited(member)) accounts.push({ kind: "member", id: memberId, ownerId: memberId, limits: member });
  return accounts;
}

function isLimited({ rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd }: Limits) {
  return rpm !== null || tpm !== null || concurrency !== null || monthlyTokens !== null || monthlyMicroUsd !== null;
}
