"use client";

import { useRef } from "react";

/** Number 9 is always "Other". */
export const OTHER_COLOUR = 9;
/** Number 10 is what nobody used. */
export const IDLE_COLOUR = 10;
const COLOURS = 8;

/** A colour for each series, 1 to 8, that stays with its entity while the page is open. */
export function useSeriesColours(ids: readonly string[]): Map<string, number> {
  const kept = useRef(new Map<string, number>());
  const colours = kept.current;
  for (const id of colours.keys()) if (!ids.includes(id) && colours.size >= COLOURS) colours.delete(id);
  for (const id of ids) {
    if (colours.has(id)) continue;
    const taken = new Set(colours.values());
    const free = Array.from({ length: COLOURS }, (_, index) => index + 1).find((colour) => !taken.has(colour));
    colours.set(id, free ?? OTHER_COLOUR);
  }
  return new Map(colours);
}
