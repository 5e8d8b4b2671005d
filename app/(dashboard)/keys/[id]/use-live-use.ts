"use client";

import { useEffect, useState } from "react";
import type { LiveUse } from "./live-use";

const EVERY_MS = 2_000;
/** So often nobody answered: what is shown is no longer live, and says so. */
const GIVE_UP_AFTER = 3;

/** How a key's limits stand, asked again every two seconds while the page is in sight. `isLive` is false while nobody answers. */
export function useLiveUse(keyId: string, first: LiveUse) {
  const [latest, setLatest] = useState<{ of: LiveUse; use: LiveUse } | null>(null);
  const [failures, setFailures] = useState(0);

  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function look() {
      clearTimeout(timer);
      if (document.hidden) return;
      const use = await readUse(keyId, leaving.signal);
      if (leaving.signal.aborted) return;
      setFailures((before) => (use === null ? before + 1 : 0));
      if (use !== null) setLatest({ of: first, use });
      clearTimeout(timer);
      timer = setTimeout(look, EVERY_MS);
    }
    timer = setTimeout(look, EVERY_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [keyId, first]);

  // The page brought newer facts itself: limits may have been changed.
  return { use: latest?.of === first ? latest.use : first, isLive: failures < GIVE_UP_AFTER };
}

async function readUse(keyId: string, signal: AbortSignal): Promise<LiveUse | null> {
  try {
    const answer = await fetch(`/keys/${keyId}/use`, { signal, redirect: "error" });
    return answer.ok ? timesIn((await answer.json()) as AsSent) : null;
  } catch {
    return null;
  }
}

type AsSent = Omit<LiveUse, "monthEndsAt" | "meters"> & {
  monthEndsAt: string;
  meters: (Omit<LiveUse["meters"][number], "emptyAt"> & { emptyAt: string | null })[];
};

function timesIn(sent: AsSent): LiveUse {
  return {
    ...sent,
    monthEndsAt: new Date(sent.monthEndsAt),
    meters: sent.meters.map((meter) => ({
      ...meter,
      emptyAt: meter.emptyAt === null ? null : new Date(meter.emptyAt),
    })),
  };
}
