import { wallFields } from "@/app/_ui/moments";

type Slice = { at: Date; value: number };

/** Hours joined to spans of three on the zone's clock, so that a week is some fifty bars. A clock change makes one longer or shorter. */
export function mergeHours(hours: readonly Slice[], zone: string): Slice[] {
  const merged: (Slice & { span: string })[] = [];
  for (const { at, value } of hours) {
    const { dayNumber, hour } = wallFields(at, zone);
    const span = `${dayNumber}-${Math.floor(hour / 3)}`;
    const last = merged.at(-1);
    if (last?.span === span) last.value += value;
    else merged.push({ at, value, span });
  }
  return merged.map(({ at, value }) => ({ at, value }));
}
