"use client";

import { useNow } from "./clock";
import {
  ago,
  agoWithTime,
  day,
  dayAndTime,
  exactly,
  left,
  secondsOrDay,
  soon,
  timeOfDay,
  timeWithSeconds,
  weekdayAndTime,
} from "./moments";
import { useZone } from "./zone";

const STYLES = {
  ago,
  agoWithTime,
  day,
  dayAndTime,
  secondsOrDay,
  soon,
  timeOfDay,
  timeWithSeconds,
  weekdayAndTime,
  exactly: (at: Date, zone: string) => exactly(at, zone),
};

/** A moment in the member's zone. Relative ones keep moving; the exact one is a hover, a focus or a tap away. */
export function Time({ at, style = "ago" }: { at: Date | string | number; style?: keyof typeof STYLES }) {
  const zone = useZone();
  const now = useNow();
  const moment = new Date(at);
  return (
    <time dateTime={moment.toISOString()} title={exactly(moment, zone)} className="num">
      {STYLES[style](moment, zone, now)}
    </time>
  );
}

/** What is left until a moment: `18 h 59 min`. Counts down while the page is open. */
export function Countdown({ to }: { to: Date | string | number }) {
  const zone = useZone();
  const now = useNow();
  const moment = new Date(to);
  return (
    <time dateTime={moment.toISOString()} title={exactly(moment, zone)} className="num">
      {left(moment.getTime() - now.getTime())}
    </time>
  );
}
