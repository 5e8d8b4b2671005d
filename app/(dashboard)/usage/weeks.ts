import { wallFields } from "@/app/_ui/moments";
import { type Measures, sumOf } from "@/lib/usage/measures";

/** The first bucket of each week (Monday by the zone's clock), as places in a list of days. */
export function weekStarts(days: readonly Date[], zone: string): number[] {
  return days.flatMap((at, index) => (index === 0 || wallFields(at, zone).weekday === 1 ? [index] : []));
}

/** Days' sums joined to the weeks that begin at these places. */
export function joinWeeks(points: readonly Measures[], starts: readonly number[]): Measures[] {
  return starts.map((start, index) => sumOf(points.slice(start, starts[index + 1] ?? points.length)));
}
