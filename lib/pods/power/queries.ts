import type { Actor } from "../../auth/member";
import { db } from "../../db";
import { env } from "../../env";
import { AppError } from "../../errors";
import type { PodPower } from "../../generated/prisma/client";
import { postgres } from "../../postgres";
import { deriveKey } from "../../secrets";
import { requirePodAdmin } from "../queries";
import { openPodKey, sealPodKey } from "../seal";
import type { PodHook } from "./hook";
import { idlePlan } from "./idle-plan";

export type HookName = "start" | "stop";

const HOUR_MS = 3_600_000;

/** A hook as it is stored: bound to its pod and to what it does. */
export function sealedHook(podId: string, name: HookName, hook: PodHook) {
  return new Uint8Array(sealPodKey(`${podId}/${name}`, JSON.stringify(hook), deriveKey(env.PODPASS_SECRET, "podHook")));
}

/** A hook to be called; null where there is none, or none that this PODPASS_SECRET opens. */
export function openedHook(podId: string, name: HookName, sealed: Uint8Array | null): PodHook | null {
  if (sealed === null) return null;
  try {
    return JSON.parse(openPodKey(`${podId}/${name}`, sealed, deriveKey(env.PODPASS_SECRET, "podHook"))) as PodHook;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

export type PowerView = Awaited<ReturnType<typeof podPowers>> extends Map<string, infer View> ? View : never;

/** How each pod is woken and stopped, what it last did, and what sleeping saved since a moment; for admins. Never a hook. */
export async function podPowers(actor: Actor, since: Date, now: Date) {
  requirePodAdmin(actor);
  const [powers, pods, saved] = await Promise.all([
    db.podPower.findMany(),
    db.pod.findMany({ where: { removedAt: null }, select: { id: true, state: true, stateSince: true } }),
    savings(since),
  ]);
  const none: Omit<PodPower, "podId"> | undefined = undefined;
  return new Map(
    pods.map(({ id, ...sight }) => {
      const power = powers.find(({ podId }) => podId === id) ?? none;
      const isTrouble = power?.called != null && power.result !== null && power.result !== "done";
      const stopFailedAt = isTrouble && power?.called === "stop" ? (power.calledAt ?? null) : null;
      const plan = power?.sealedStop == null ? null : idlePlan({ ...sight, ...power, stopFailedAt }, now);
      return [
        id,
        {
          startHost: power?.startHost ?? null,
          stopHost: power?.stopHost ?? null,
          wakeWhenCalled: power?.wakeWhenCalledAt != null,
          stopAfterMinutes: power?.stopAfterMinutes ?? null,
          /** Set while it is about to be stopped for being idle. */
          stopsAt: plan?.isWarned ? plan.stopsAt : null,
          awakeUntil: power?.awakeUntil != null && power.awakeUntil > now ? power.awakeUntil : null,
          last:
            power?.called == null || power.calledAt === null
              ? null
              : {
                  hook: power.called as HookName,
                  at: power.calledAt,
                  result: power.result,
                  status: power.resultStatus,
                },
          asleepHours: (saved.get(id)?.ms ?? 0) / HOUR_MS,
          savedMicroUsd: saved.get(id)?.microUsd ?? null,
        },
      ];
    }),
  );
}

type Saved = { podId: string; ms: number; microUsd: number | null };

/** How long each pod slept since a moment, and what it would have cost awake at the price it had: to the micro-dollar, as the bills are. */
async function savings(since: Date): Promise<Map<string, Saved>> {
  const { rows } = await postgres().query<Saved>(
    `SELECT pod_id AS "podId", sum(ms)::bigint AS ms, round(sum(hourly_micro_usd * ms) / 3600000)::bigint AS "microUsd"
     FROM (SELECT *, extract(epoch FROM coalesce(until, now()) - greatest(since, $1)) * 1000 AS ms
       FROM pod_naps WHERE until IS NULL OR until > $1) AS naps
     GROUP BY 1`,
    [since],
  );
  return new Map(rows.map((row) => [row.podId, row]));
}

/** Pods that are stopped when idle, with what that depends on. */
export async function podsToWatch() {
  const powers = await db.podPower.findMany({ where: { stopAfterMinutes: { not: null }, sealedStop: { not: null } } });
  const pods = await db.pod.findMany({
    where: { id: { in: powers.map(({ podId }) => podId) }, removedAt: null, state: "serving" },
    select: {
      id: true,
      name: true,
      state: true,
      stateSince: true,
      requestsRunning: true,
      requestsWaiting: true,
      gaugesAt: true,
    },
  });
  return pods.flatMap((pod) => {
    const power = powers.find(({ podId }) => podId === pod.id);
    return power === undefined ? [] : [{ ...pod, power }];
  });
}

/**
 * When calls last used a pod, as all replicas recorded it: now, where one runs. Looks at those that began or ran within the
 * last minutes; null: none of them.
 */
export async function lastCallAt(podId: string): Promise<Date | null> {
  const { rows } = await postgres().query<{ at: Date | null }>(
    `SELECT greatest(
       (SELECT now() FROM usage_events WHERE outcome = 'open' AND pod_id = $1 LIMIT 1),
       (SELECT max(at + coalesce(duration_ms, 0) * interval '1 millisecond') FROM usage_events
        WHERE at > now() - interval '2 minutes' AND pod_id = $1)) AS at`,
    [podId],
  );
  return rows[0]?.at ?? null;
}

/** How many calls run on a pod now, by the rows of all replicas. */
export async function callsRunningOn(podId: string): Promise<number> {
  const { rows } = await postgres().query<{ calls: number }>(
    "SELECT count(*)::int AS calls FROM usage_events WHERE outcome = 'open' AND pod_id = $1",
    [podId],
  );
  return rows[0]?.calls ?? 0;
}
