import { type Db, db } from "../db";
import { NO_LIMITS } from "../keys/limits";
import { type PolicyInput, roleLimitsSchema } from "./schema";

/** The team's rules, as they are now. */
export type Policy = PolicyInput & { updatedAt: Date };

/** Reads the one row; hand in a transaction to decide by the rules that hold inside it. */
export async function getPolicy(tx: Db = db): Promise<Policy> {
  const { id: _, roleLimits, strictFieldsAt, ...row } = await tx.policy.findUniqueOrThrow({ where: { id: 1 } });
  const limits = roleLimitsSchema.safeParse(roleLimits);
  const none = { OWNER: NO_LIMITS, ADMIN: NO_LIMITS, MEMBER: NO_LIMITS };
  return { ...row, roleLimits: limits.success ? limits.data : none, strictFields: strictFieldsAt !== null };
}

/** How many live keys outlive a maximum of `maxKeyDays` from `now`: what a change of the policy would concern. */
export async function countKeysBeyond(maxKeyDays: number | null, now: Date): Promise<number> {
  if (maxKeyDays === null) return 0;
  const latest = new Date(now.getTime() + maxKeyDays * 86_400_000);
  return db.apiKey.count({ where: { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: latest } }] } });
}
