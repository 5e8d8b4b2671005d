/** From `from` up to, and without, `to`. */
export type Range = { from: Date; to: Date };

export const QUARTER_MS = 15 * 60_000;
/** What of a range the rollups hold exactly, and what has to be read from the events. */
export type Split = { rollups: Range | null; events: Range[] };

/** A range is never widened to whole quarters of an hour: its ragged edges come from the events. */
export function splitRange({ from, to }: Range): Split {
  const first = Math.ceil(from.getTime() / QUARTER_MS) * QUARTER_MS;
  const last = Math.floor(to.getTime() / QUARTER_MS) * QUARTER_MS;
  if (first >= last) return { rollups: null, events: [{ from, to }] };
  const edges = [
    { from, to: new Date(first) },
    { from: new Date(last), to },
  ];
  return {
    rollups: { from: new Date(first), to: new Date(last) },
    events: edges.filter((edge) => edge.from < edge.to),
  };
}

/** The range of the same length just before. */
export function previousRange({ from, to }: Range): Range {
  return { from: new Date(2 * from.getTime() - to.getTime()), to: from };
}

/** The parts of a range that lie in none of the spans, and the spans that touch, put together. Spans are sorted and apart. */
export function splitAround(range: Range, spans: readonly Range[]): { runs: Range[]; gaps: Range[] } {
  const runs: Range[] = [];
  const gaps: Range[] = [];
  let reached = range.from;
  for (const span of spans) {
    const last = runs.at(-1);
    if (last !== undefined && last.to.getTime() === span.from.getTime())
      runs[runs.length - 1] = { from: last.from, to: span.to };
    else runs.push(span);
    if (reached < span.from) gaps.push({ from: reached, to: span.from });
    reached = span.to;
  }
  if (reached < range.to) gaps.push({ from: reached, to: range.to });
  return { runs, gaps };
}
