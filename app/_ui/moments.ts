const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const LONG_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * The parts of a moment on the wall of a zone. Names of months come from the lists above, not from `Intl`: server and
 * browser carry different versions of its data ("Sep", "Sept"), and the page must not change when it hydrates.
 */
function wall(at: Date, zone: string) {
  const shown = new Date(at.getTime() + offsetOf(at, zone));
  const year = shown.getUTCFullYear();
  const dayNumber = Math.floor(shown.getTime() / DAY);
  return {
    year,
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    dayNumber,
    weekday: (dayNumber + 4) % 7,
  };
}

/** By how much a zone's wall is ahead, in ms, by zone and quarter of an hour: within one no clock is changed. */
const offsets = new Map<string, Map<number, number>>();
const MOST_OFFSETS = 20_000;

/** Remembered, because a page asks for the same hours again and again, and `Intl` takes as long as all the rest of a row. */
function offsetOf(at: Date, zone: string) {
  const quarter = Math.floor(at.getTime() / QUARTER);
  let known = offsets.get(zone);
  if (!known) {
    known = new Map();
    offsets.set(zone, known);
  }
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = offsetByIntl(new Date(quarter * QUARTER), zone);
    if (known.size >= MOST_OFFSETS) known.clear();
    known.set(quarter, offset);
  }
  return offset;
}

function offsetByIntl(at: Date, zone: string) {
  let formatter = formatters.get(zone);
  if (!formatter) {
    const numeric = "numeric" as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    formatter = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields });
    formatters.set(zone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / SECOND) * SECOND;
}

const two = (value: number) => String(value).padStart(2, "0");

/** `14:05` */
export function timeOfDay(at: Date, zone: string) {
  const { hour, minute } = wall(at, zone);
  return `${two(hour)}:${two(minute)}`;
}

/** `14:05:09` */
export function timeWithSeconds(at: Date, zone: string) {
  return `${timeOfDay(at, zone)}:${two(wall(at, zone).second)}`;
}

/** `4 Aug`, with the year where it is another one than now's. */
export function day(at: Date, zone: string, now?: Date) {
  const { year, month, day: date } = wall(at, zone);
  const short = `${date} ${MONTHS[month - 1]}`;
  return now && wall(now, zone).year !== year ? `${short} ${year}` : short;
}

/** `Thu 12 Nov` */
export function weekdayAndDay(at: Date, zone: string) {
  return `${DAYS[wall(at, zone).weekday]} ${day(at, zone)}`;
}

/** `Mon 23 Nov, 19:05` */
export function weekdayAndTime(at: Date, zone: string) {
  return `${weekdayAndDay(at, zone)}, ${timeOfDay(at, zone)}`;
}

/** `Tue 22 Dec 2026, 20:25` */
export function fully(at: Date, zone: string) {
  return `${weekdayAndDay(at, zone)} ${wall(at, zone).year}, ${timeOfDay(at, zone)}`;
}

/** `1 December` */
export function longDay(at: Date, zone: string) {
  const { month, day: date } = wall(at, zone);
  return `${date} ${LONG_MONTHS[month - 1]}`;
}

/** `4 Aug 2026, 09:12` */
export function dayAndTime(at: Date, zone: string) {
  const { year } = wall(at, zone);
  return `${day(at, zone)} ${year}, ${timeOfDay(at, zone)}`;
}

/** Everything a tooltip needs: `Sun 22 Nov 2026, 14:05:09, Europe/Berlin`. */
export function exactly(at: Date, zone: string) {
  const { year } = wall(at, zone);
  return `${weekdayAndDay(at, zone)} ${year}, ${timeWithSeconds(at, zone)}, ${zone}`;
}

/** `14:05` today, `Mon 14:05` within six days, `4 Aug` beyond: short, and never two meanings. */
export function soon(at: Date, zone: string, now: Date) {
  const apart = wall(at, zone).dayNumber - wall(now, zone).dayNumber;
  if (apart === 0) return timeOfDay(at, zone);
  if (Math.abs(apart) < 7) return `${DAYS[wall(at, zone).weekday]} ${timeOfDay(at, zone)}`;
  return day(at, zone, now);
}

/** `Monday 19:05` within six days, else `1 December, 19:05`: for sentences. */
export function inWords(at: Date, zone: string, now: Date) {
  const apart = wall(at, zone).dayNumber - wall(now, zone).dayNumber;
  if (apart === 0) return `today at ${timeOfDay(at, zone)}`;
  if (apart === 1) return `tomorrow at ${timeOfDay(at, zone)}`;
  if (Math.abs(apart) < 7) return `${LONG_DAYS[wall(at, zone).weekday]} ${timeOfDay(at, zone)}`;
  return `${longDay(at, zone)}, ${timeOfDay(at, zone)}`;
}

/** How long ago, coarser with distance: `just now`, `12 s ago`, `41 min ago`, `2 h ago`, `yesterday`, `9 Nov`. */
export function ago(at: Date, zone: string, now: Date) {
  const passed = now.getTime() - at.getTime();
  if (passed < 5 * SECOND) return "just now";
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s ago`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  const nights = wall(now, zone).dayNumber - wall(at, zone).dayNumber;
  if (nights === 0 || passed < 6 * HOUR) return `${Math.floor(passed / HOUR)} h ago`;
  if (nights === 1) return "yesterday";
  return day(at, zone, now);
}

/** `today, 14:05`, `yesterday, 09:12`, then the day: for histories. */
export function agoWithTime(at: Date, zone: string, now: Date) {
  const nights = wall(now, zone).dayNumber - wall(at, zone).dayNumber;
  if (nights === 0) return `today, ${timeOfDay(at, zone)}`;
  if (nights === 1) return `yesterday, ${timeOfDay(at, zone)}`;
  return day(at, zone, now);
}

/** `19:05:01` today, the day with its time before: for logs. */
export function secondsOrDay(at: Date, zone: string, now: Date) {
  const isToday = wall(at, zone).dayNumber === wall(now, zone).dayNumber;
  return isToday ? timeWithSeconds(at, zone) : `${day(at, zone, now)}, ${timeOfDay(at, zone)}`;
}

/** What is left, in the two units that matter: `18 h 59 min`, `3 days`, `12 s`. */
export function left(ms: number) {
  if (ms < MINUTE) return `${Math.max(0, Math.ceil(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    const hours = `${Math.floor(ms / HOUR)} h`;
    return minutes === 0 ? hours : `${hours} ${minutes} min`;
  }
  return `${Math.floor(ms / DAY)} days`;
}

/** Whole days between now and a later moment, for "in 10 days" and "Expires in 3 days"; the last day counts hours. */
export function until(at: Date, now: Date) {
  const ms = at.getTime() - now.getTime();
  if (ms < 2 * DAY) return left(ms);
  return `${Math.round(ms / DAY)} days`;
}

/** The wall's fields in numbers, as forms and charts need them. `month` counts from 1. */
export function wallFields(at: Date, zone: string) {
  return wall(at, zone);
}

/** The day of a moment as `2026-11-22`, for date fields. */
export function isoDay(at: Date, zone: string) {
  const { year, month, day: date } = wall(at, zone);
  return `${year}-${two(month)}-${two(date)}`;
}

/**
 * The moment when a zone's wall shows this date and time. Where a clock change skips it, the moment just after; where
 * it happens twice, the first.
 */
export function momentOf(date: string, time: string, zone: string): Date | null {
  const asIfUtc = new Date(`${date}T${time}Z`);
  if (Number.isNaN(asIfUtc.getTime())) return null;
  const offsetAt = (at: Date) => offsetOf(at, zone);
  const before = new Date(asIfUtc.getTime() - offsetAt(new Date(asIfUtc.getTime() - DAY)));
  const after = new Date(asIfUtc.getTime() - offsetAt(new Date(asIfUtc.getTime() + DAY)));
  if (asIfUtc.getTime() - before.getTime() === offsetAt(before)) return before;
  if (asIfUtc.getTime() - after.getTime() === offsetAt(after)) return after;
  return before;
}
