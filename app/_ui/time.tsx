"use client";

import { useNow } from "./clock";
import {
  ago,
  agoWithTime,
  day,
  dayAndTime,
  exactly,
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

type TimeProps = {
  at: Date | string | number;
  style?: keyof typeof STYLES;
  /** The exact time also opens on focus and tap, for the few places where a relative one has to be trusted. */
  reveals?: boolean;
};

/** A moment in the member's zone. Relative ones keep moving; the exact one is a hover, a focus or a tap away. */
export function Time({ at, style = "ago", reveals }: TimeProps) {
  const zone = useZone();
  const now = useNow();
  const moment = new Date(at);
  const exact = exactly(moment, zone);
  if (reveals) {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time has to be reachable without a pointer
      <time dateTime={moment.toISOString()} className="num reveals" data-exact={exact} tabIndex={0}>
        {STYLES[style](moment, zone, now)}
        <span className="visually-hidden">, {exact}</span>
      </time>
    );
  }
  return (
    <time dateTime={moment.toISOString()} title={exact} className="num">
      {STYLES[style](moment, zone, now)}
    </time>
  );
}
