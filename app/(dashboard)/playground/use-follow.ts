import { useEffect, useRef } from "react";

/** Somebody this close to the end wants to see what comes next; whoever has scrolled up is reading. */
const NEAR_PX = 160;

/** Keeps the end of a growing list in sight for those who are there. */
export function useFollow(growing: readonly unknown[]) {
  const height = useRef(0);

  useEffect(() => {
    const { scrollHeight } = document.documentElement;
    const wasNear = height.current - scrollY - innerHeight < NEAR_PX;
    height.current = scrollHeight;
    if (growing.length > 0 && wasNear) scrollTo({ top: scrollHeight });
  }, [growing]);
}
