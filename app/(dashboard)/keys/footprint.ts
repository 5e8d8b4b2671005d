import { isoDay, momentOf } from "@/app/_ui/moments";
import type { Actor } from "@/lib/auth/member";
import { getKey } from "@/lib/keys/queries";
import { usageSums } from "@/lib/usage/queries";
import { listRequests } from "@/lib/usage/requests/queries";
import type { KeyFacts } from "./key-facts";

/** No answer takes longer: what is older and open belongs to a process that died. */
const LONGEST_ANSWER_MS = 20 * 60_000;
const MOST_COUNTED = 1_000;

/** Who uses a key: its secrets with their last use, requests since the zone's midnight, and what is being answered now. */
export type Footprint = {
  secrets: Pick<KeyFacts["secrets"][number], "id" | "lastUsedAt" | "lastUsedIp">[];
  requestsToday: number;
  running: number;
  streaming: number;
};

export async function footprintOf(actor: Actor, keyId: string, zone: string, now: Date): Promise<Footprint> {
  const filters = { keyIds: [keyId] };
  const midnight = momentOf(isoDay(now, zone), "00:00:00", zone) ?? now;
  const [{ secrets }, today, { rows: running }] = await Promise.all([
    getKey(actor, keyId, now),
    usageSums(actor, { from: midnight, to: now, filters }),
    listRequests(
      actor,
      { ...filters, outcomes: ["open"], from: new Date(now.getTime() - LONGEST_ANSWER_MS) },
      null,
      MOST_COUNTED,
    ),
  ]);
  return {
    secrets: secrets.map(({ id, lastUsedAt, lastUsedIp }) => ({ id, lastUsedAt, lastUsedIp })),
    requestsToday: today.requests + running.length,
    running: running.length,
    streaming: running.filter(({ streamed }) => streamed).length,
  };
}
