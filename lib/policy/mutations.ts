import { recordAudit } from "../audit/record";
import { type Actor, isAdmin } from "../auth/member";
import { db } from "../db";
import { AppError } from "../errors";
import { announceKeyChange } from "../keys/announce";
import { getPolicy, type Policy } from "./queries";
import type { PolicyInput } from "./schema";

/**
 * Replaces the team's rules. Existing keys keep their expiry; limits that keys take from the policy change for all of them
 * within seconds. Throws `forbidden` for members, `invalid_request` naming the field for rules that contradict each other.
 */
export async function updatePolicy(actor: Actor, input: PolicyInput, now: Date): Promise<Policy> {
  if (!isAdmin(actor)) throw new AppError("forbidden", "Only owners and admins can change the policy.");
  const { maxKeyDays, defaultKeyDays, strictFields, ...rest } = input;
  if (maxKeyDays !== null && (defaultKeyDays === null || defaultKeyDays > maxKeyDays)) {
    throw new AppError("invalid_request", `The default must not be longer than the maximum of ${maxKeyDays} days.`, {
      param: "defaultKeyDays",
    });
  }
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM policies WHERE id = 1 FOR UPDATE`;
    const before = await getPolicy(tx);
    const strictFieldsAt = strictFields ? { strictFieldsAt: now } : { strictFieldsAt: null };
    const data = { maxKeyDays, defaultKeyDays, ...rest, updatedAt: now };
    await tx.policy.update({
      where: { id: 1 },
      data: { ...data, ...(strictFields === before.strictFields ? {} : strictFieldsAt) },
      select: { id: true },
    });
    await recordAudit(tx, actor, {
      action: "policy.update",
      targetKind: "policy",
      targetId: null,
      ...changed(before, input),
      at: now,
    });
    await announceKeyChange(tx, "all");
    return { ...input, updatedAt: now };
  });
}

/** Only the rules that differ, before and after. */
function changed(before: PolicyInput, after: PolicyInput) {
  const names = (Object.keys(after) as (keyof PolicyInput)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (rules: PolicyInput) => Object.fromEntries(names.map((name) => [name, rules[name]]));
  return { before: pick(before), after: pick(after) };
}
