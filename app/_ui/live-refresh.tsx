"use client";

import { useRouter } from "next/navigation";
import { useEffect, useTransition } from "react";

/** Asks the server for this page's newest facts now and then, and at once when the tab comes back to sight. Rests while hidden. */
export function LiveRefresh({ everyMs }: { everyMs: number }) {
  const router = useRouter();
  const [busy, start] = useTransition();
  useEffect(() => {
    const refresh = () => {
      if (!document.hidden && !busy && !document.querySelector("dialog[open]")) start(() => router.refresh());
    };
    const timer = setInterval(refresh, everyMs);
    document.addEventListener("visibilitychange", refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refresh);
    };
  }, [router, everyMs, busy]);
  return null;
}
