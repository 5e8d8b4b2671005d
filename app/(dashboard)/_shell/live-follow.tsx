"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";

/** A finished request shall be seen within two seconds: this, the recorder's pause and the page's own time add up to less. */
const LOOK_MS = 1_000;
/** What is told relative to now moves on without anything new. */
const CALM_MS = 30_000;

/**
 * Shows what is new within two seconds: asks for a word that stands for the newest requests, and for the page only where it has
 * changed. Rests while the tab is hidden or a dialog is open.
 */
export function LiveFollow({ mark }: { mark: string }) {
  const router = useRouter();
  const [busy, start] = useTransition();
  const shownAt = useRef(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a page of a new mark was shown just now
  useEffect(() => {
    shownAt.current = performance.now();
  }, [mark]);

  useEffect(() => {
    const left = new AbortController();
    let isAsking = false;
    const look = async () => {
      if (document.hidden || busy || isAsking || document.querySelector("dialog[open]")) return;
      isAsking = true;
      const answer = await fetch("/requests/newest", { signal: left.signal, redirect: "error" }).catch(() => null);
      const newest = answer?.ok ? await answer.text().catch(() => mark) : mark;
      isAsking = false;
      if (left.signal.aborted) return;
      // No answer, or one that leads to sign-in: the page finds out when its own time comes.
      if (newest === mark && performance.now() - shownAt.current < CALM_MS) return;
      shownAt.current = performance.now();
      start(() => router.refresh());
    };
    const timer = setInterval(look, LOOK_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      left.abort();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [router, mark, busy]);
  return null;
}
