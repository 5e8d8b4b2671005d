import { wallFields } from "@/app/_ui/moments";
import type { SignedIn } from "@/lib/auth/session";
import { podBills } from "@/lib/costs/queries";
import { explain } from "@/lib/pods/connection";
import { reconcilePods } from "@/lib/pods/counters/queries";
import { podPowers } from "@/lib/pods/power/queries";
import { listPods } from "@/lib/pods/queries";
import { type Totals, usageTotals } from "@/lib/usage/queries";
import { listRequests } from "@/lib/usage/requests/queries";
import { previousRange } from "@/lib/usage/rollup";
import { runningByKey } from "./running";

const HOUR_MS = 3_600_000;
/** More calls than this at once are shown as "500 or more". */
export const MOST_RUNNING = 500;

export type PodView = Awaited<ReturnType<typeof readPods>>[number];

/** Every pod with what went through it: calls that run now, and the last hour beside the one before. For admins. */
export async function readPods(member: SignedIn, now: Date) {
  const { year, month } = wallFields(now, "UTC");
  const monthAt = new Date(Date.UTC(year, month - 1, 1));
  const [pods, bills, counters, powers] = await Promise.all([
    listPods(member),
    podBills(member, monthAt),
    reconcilePods(member),
    podPowers(member, monthAt, now),
  ]);
  const lastHour = { from: new Date(now.getTime() - HOUR_MS), to: now };
  return Promise.all(
    pods.map(async (pod) => {
      const filters = { podIds: [pod.id] };
      const [open, current, previous] = await Promise.all([
        listRequests(member, { ...filters, outcomes: ["open"] }, null, MOST_RUNNING),
        usageTotals(member, { ...lastHour, filters }),
        usageTotals(member, { ...previousRange(lastHour), filters }),
      ]);
      return {
        ...pod,
        problem: pod.stateReason === null ? null : explain(pod.stateReason),
        running: runningByKey(open.rows),
        runningCount: open.rows.length,
        hour: figuresOf(current),
        hourBefore: figuresOf(previous),
        bill: bills.get(pod.id) ?? null,
        counters: counters.get(pod.id) ?? null,
        power: powers.get(pod.id) ?? null,
      };
    }),
  );
}

function figuresOf({ requests, upstreamError, timeout, lost, ttft }: Totals) {
  return { requests, failed: upstreamError + timeout + lost, ttftP95: ttft?.p95 ?? null };
}
