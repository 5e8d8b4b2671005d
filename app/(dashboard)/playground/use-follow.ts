import { useEffect, useRef } from "react";

/** Somebody this close to the end wants to see what comes next; whoever has scrolled up is reading. */
const NEAR_PX = 160;

/** Keeps the end of a growing list in sight for those who are there, and brings everybody there when an entry is added. */
export function useFollow(entries: readonly unknown[]) {
  const height = useRef(0);
  const count = useRef(0);

  useEffect(() => {
    const { scrollHeight } = document.documentElement;
    const wasNear = height.current - scrollY - innerHeight < NEAR_PX;
    const isLonger = entries.length > count.current;
    height.current = scrollHeight;
    count.current = entries.length;
    if (isLonger || (entries.length > 0 && wasNear)) scrollTo({ top: scrollHeight });
  }, [entries]);
}
