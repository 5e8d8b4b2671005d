import { recordAudit } from "../audit/record";
import { type Actor, isAdmin, type Role } from "../auth/member";
import { db } from "../db";
import { AppError } from "../errors";
import { announceKeyChange } from "../keys/announce";
import { getPolicy, type Policy } from "./queries";
import type { PolicyChange, PolicyInput } from "./schema";

/**
 * Changes some of the team's rules. Existing keys keep their expiry; limits that keys take from the policy change for all of
 * them within seconds. Throws `forbidden` for members, `invalid_request` naming the field for rules that contradict each other.
 */
export async function updatePolicy(actor: Actor, change: PolicyChange, now: Date): Promise<Policy> {
  if (!isAdmin(actor)) throw new AppError("forbidden", "Only owners and admins can change the policy.");
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM policies WHERE id = 1 FOR UPDATE`;
    const { updatedAt: _, ...before } = await getPolicy(tx);
    const after = applied(before, change);
    requireOrder(after);
    requireWeight(after);
    const { strictFields, ...columns } = after;
    const strictFieldsAt = strictFields === before.strictFields ? {} : { strictFieldsAt: strictFields ? now : null };
    const data = { ...columns, ...strictFieldsAt, updatedAt: now };
    await tx.policy.update({ where: { id: 1 }, data, select: { id: true } });
    const target = { targetKind: "policy", targetId: null } as const;
    await recordAudit(tx, actor, { action: "policy.update", ...target, ...changed(before, after), at: now });
    await announceKeyChange(tx, "all");
    return { ...after, updatedAt: now };
  });
}

function applied(before: PolicyInput, { roleLimits, ...rules }: PolicyChange): PolicyInput {
  const limits = (role: Role) => ({ ...before.roleLimits[role], ...roleLimits?.[role] });
  return {
    ...before,
    ...rules,
    roleLimits: { OWNER: limits("OWNER"), ADMIN: limits("ADMIN"), MEMBER: limits("MEMBER") },
  };
}

function requireOrder({ maxKeyDays, defaultKeyDays }: PolicyInput) {
  if (maxKeyDays === null || (defaultKeyDays !== null && defaultKeyDays <= maxKeyDays)) return;
  const message = `The default must not be longer than the maximum of ${maxKeyDays} days.`;
  throw new AppError("invalid_request", message, { param: "defaultKeyDays" });
}

/** Calls of which no token counts could share nothing. */
function requireWeight({ promptWeight, completionWeight }: PolicyInput) {
  if (promptWeight + completionWeight > 0) return;
  const message = "Prompt and completion tokens can't both count for nothing.";
  throw new AppError("invalid_request", message, { param: "completionWeight" });
}

/** Only the rules that differ, before and after. */
function changed(before: PolicyInput, after: PolicyInput) {
  const names = (Object.keys(after) as (keyof PolicyInput)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (rules: PolicyInput) => Object.fromEntries(names.map((name) => [name, rules[name]]));
  return { before: pick(before), after: pick(after) };
}
