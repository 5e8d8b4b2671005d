import { wallFields } from "@/app/_ui/moments";

/** The first bucket of each week (Monday by the zone's clock), as places in a list of days. */
export function weekStarts(days: readonly Date[], zone: string): number[] {
  return days.flatMap((at, index) => (index === 0 || wallFields(at, zone).weekday === 1 ? [index] : []));
}

/** Days' values added up to those of the weeks that begin at these places. */
export function joinWeeks(days: readonly number[], starts: readonly number[]): number[] {
  return starts.map((start, index) =>
    days.slice(start, starts[index + 1] ?? days.length).reduce((sum, value) => sum + value, 0),
  );
}
