import type { SignedIn } from "@/lib/auth/session";
import { explain } from "@/lib/pods/connection";
import { listPods } from "@/lib/pods/queries";
import { usageTotals } from "@/lib/usage/queries";
import { listRequests } from "@/lib/usage/requests/queries";
import { runningByKey } from "./running";

const HOUR_MS = 3_600_000;
/** More calls than this at once are shown as "500 or more". */
export const MOST_RUNNING = 500;

export type PodView = Awaited<ReturnType<typeof readPods>>[number];

/** Every pod with what went through it: calls that run now, and the last hour beside the one before. For admins. */
export async function readPods(member: SignedIn, now: Date) {
  const pods = await listPods(member);
  const lastHour = { from: new Date(now.getTime() - HOUR_MS), to: now };
  return Promise.all(
    pods.map(async (pod) => {
      const filters = { podIds: [pod.id] };
      const [open, { current, previous }] = await Promise.all([
        listRequests(member, { ...filters, outcomes: ["open"] }, null, MOST_RUNNING),
        usageTotals(member, { ...lastHour, filters }),
      ]);
      return {
        ...pod,
        problem: pod.stateReason === null ? null : explain(pod.stateReason),
        running: runningByKey(open.rows),
        runningCount: open.rows.length,
        hour: figuresOf(current),
        hourBefore: figuresOf(previous),
      };
    }),
  );
}

type Totals = Awaited<ReturnType<typeof usageTotals>>["current"];

function figuresOf({ requests, upstreamError, timeout, lost, ttft }: Totals) {
  return { requests, failed: upstreamError + timeout + lost, ttftP95: ttft?.p95 ?? null };
}
