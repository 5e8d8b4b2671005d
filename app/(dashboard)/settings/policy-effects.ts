import { counted } from "@/app/_ui/figures";
import type { PolicyInput } from "@/lib/policy/schema";

/** What a policy's form holds that bears on what exists already; null: no limit. */
export type Wanted = {
  maxKeyDays: number | null;
  maxKeysPerMember: number | null;
  eventRetentionDays: number | null;
  emailDomains: string;
  limitsChanged: boolean;
};

type Before = Pick<PolicyInput, "maxKeyDays" | "maxKeysPerMember" | "eventRetentionDays" | "emailDomains">;

/** What saving would mean for keys, requests and people that are there already, a sentence each. None: nothing to ask. */
export function effectsOf(before: Before, wanted: Wanted, keysBeyond: number): string[] {
  const effects: string[] = [];
  const { maxKeyDays, maxKeysPerMember, eventRetentionDays, emailDomains, limitsChanged } = wanted;
  const isShorter = maxKeyDays !== null && (before.maxKeyDays === null || maxKeyDays < before.maxKeyDays);
  if (isShorter && keysBeyond > 0) {
    const outlive = keysBeyond === 1 ? "outlives" : "outlive";
    effects.push(
      `${counted(keysBeyond, "key")} ${outlive} the new maximum. They keep their end; only new and changed keys are bound by it.`,
    );
  }
  if (maxKeysPerMember !== null && maxKeysPerMember < before.maxKeysPerMember) {
    effects.push("Members with more keys than that keep them, and can't make another.");
  }
  if (eventRetentionDays !== null && eventRetentionDays < before.eventRetentionDays) {
    effects.push(`Requests older than ${counted(eventRetentionDays, "day")} are removed for good; totals remain.`);
  }
  const domains = emailDomains.split(/[\s,]+/).filter(Boolean);
  if (domains.length > 0 && domains.join() !== before.emailDomains.join()) {
    effects.push("Open invites to other domains stop working. Members from there stay.");
  }
  if (limitsChanged) {
    effects.push("Every key without limits of its own gets the new ones within 5 seconds, for calls that begin then.");
  }
  return effects;
}
