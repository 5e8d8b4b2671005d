import { randomUUID } from "node:crypto";
import type { Actor } from "@/lib/auth/member";
import { editPod, ensureFirstPod } from "@/lib/pods/mutations";
import { listPods } from "@/lib/pods/queries";

/** What such a GPU costs an hour: without a price there are no dollars to show. */
const HOURLY_MICRO_USD = 2_490_000;

/** The pod on which the history took place: the one that is there, or the simulated one, which the next start moves to its port. */
export async function podForHistory(now: Date): Promise<string> {
  const operator: Actor = { kind: "cli", memberId: null, role: "OWNER", ip: null, requestId: randomUUID() };
  const [pod] = await listPods(operator);
  const podId = pod?.id ?? (await ensureFirstPod({ simulated: { port: 8_000, key: null } }, now))?.podId;
  if (podId === undefined) throw new Error("There is no pod to have a history on.");
  const [own] = (await listPods(operator)).filter(({ id }) => id === podId);
  if (own && own.simulatedAt !== null && own.hourlyMicroUsd === null) {
    await editPod(
      operator,
      { podId, name: own.name, baseUrl: own.baseUrl, apiKey: undefined, hourlyMicroUsd: HOURLY_MICRO_USD },
      now,
    );
  }
  return podId;
}
