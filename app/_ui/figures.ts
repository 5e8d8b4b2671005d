const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const STEPS = [
  { from: 1e12, unit: "T" },
  { from: 1e9, unit: "B" },
  { from: 1e6, unit: "M" },
  { from: 1e3, unit: "k" },
];

/** A figure and its unit apart, so that the unit can be smaller and greyer. */
export type Figure = { value: string; unit: string };

/** Every digit: `48,213`. */
export function exact(count: number) {
  return whole.format(count);
}

/** Short form of a count. Below 10,000 it is exact; then one decimal under a thousand thousands: `98.0 M`, `842 k`. */
export function compactParts(count: number): Figure {
  if (Math.abs(count) < 10_000) return { value: exact(count), unit: "" };
  for (const { from, unit } of STEPS) {
    if (Math.abs(count) < from * 0.99995) continue;
    const scaled = count / from;
    return { value: unit === "k" && scaled >= 10 ? whole.format(scaled) : scaled.toFixed(1), unit };
  }
  return { value: exact(count), unit: "" };
}

export const written = ({ value, unit }: Figure) => (unit ? `${value} ${unit}` : value);

export const compact = (count: number) => written(compactParts(count));

/** For round numbers, such as limits and the lines of a chart: `40 M` rather than `40.0 M`. */
export const compactRound = (count: number) => compact(count).replace(".0", "");

/** For the lines of a chart, whose values are round: `7.5 k`, `22.5 k`, `1.25 M`. */
export function compactTick(count: number) {
  const step = STEPS.find(({ from }) => Math.abs(count) >= from);
  return step ? `${Number((count / step.from).toFixed(2))} ${step.unit}` : exact(count);
}

/** Milliseconds as people say them: `642 ms`, `4.1 s`, `31 s`, `2 min`. */
export function durationParts(ms: number): Figure {
  if (ms < 995) return { value: whole.format(ms), unit: "ms" };
  if (ms < 9_950) return { value: (ms / 1_000).toFixed(1), unit: "s" };
  if (ms < 119_500) return { value: whole.format(ms / 1_000), unit: "s" };
  return { value: whole.format(ms / 60_000), unit: "min" };
}

export const duration = (ms: number) => written(durationParts(ms));

/** A time that was set, whole: `90 seconds`, `10 minutes`. */
export const durationWords = (seconds: number) =>
  seconds % 60 === 0 ? counted(seconds / 60, "minute") : counted(seconds, "second");

/** A time that has gone by: `12 minutes`, `31 h`. */
export const hoursWords = (hours: number) =>
  hours < 1 ? counted(Math.ceil(hours * 60), "minute") : `${exact(hours)} h`;

/** Money from integer micro-dollars. Something under a cent is never shown as nothing. */
export function money(microUsd: number) {
  if (microUsd === 0) return "$0";
  if (microUsd < 10_000) return "<$0.01";
  const usd = microUsd / 1_000_000;
  return usd < 1_000 ? `$${usd.toFixed(2)}` : `$${exact(usd)}`;
}

/** For the lines of a chart: `$0.05`, `$12`, `$1,500`. */
export function moneyTick(microUsd: number) {
  const usd = microUsd / 1_000_000;
  return usd < 1_000 ? `$${Number(usd.toPrecision(3))}` : `$${exact(usd)}`;
}

/** A share of a whole as a percentage with at most one decimal: `27.8`, `0.4`, `100`. Nothing of nothing is 0. */
export function percent(part: number, of: number) {
  if (of === 0 || part === 0) return "0";
  const share = (part / of) * 100;
  if (share < 0.05) return "<0.1";
  return share >= 99.95 ? "100" : share.toFixed(1);
}

/** The change against a period before, in words; "new" where that period was empty. Null when both are. */
export function change(now: number, before: number): string | null {
  if (before === 0) return now === 0 ? null : "new";
  const share = Math.round((now / before - 1) * 100);
  if (share === 0) return "unchanged";
  return share > 0 ? `+${exact(share)} %` : `−${exact(-share)} %`;
}

/** `1 key`, `2 keys`. */
export function counted(count: number, one: string, many = `${one}s`) {
  return `${exact(count)} ${count === 1 ? one : many}`;
}
