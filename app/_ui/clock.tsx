"use client";

import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

const RenderedAt = createContext(0);

/** The moment the server rendered at: what the first paint counts from, so that hydration finds the same words. */
export function ClockProvider({ now, children }: { now: number; children: ReactNode }) {
  return <RenderedAt value={now}>{children}</RenderedAt>;
}

const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let current = 0;

function subscribe(watcher: () => void) {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    current = Date.now();
    for (const each of watchers) each();
  }, 1_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present, second by second, from one timer for the whole page; it rests while the tab is hidden. */
export function useNow(): Date {
  const renderedAt = useContext(RenderedAt);
  const now = useSyncExternalStore(
    subscribe,
    () => {
      if (Date.now() - current > 1_500) current = Date.now();
      return current;
    },
    () => renderedAt,
  );
  return new Date(now);
}
