"use client";

import type { ChartSeries } from "./chart";

type LegendProps = {
  series: readonly Pick<ChartSeries, "id" | "name" | "colour">[];
  hidden: ReadonlySet<string>;
  onToggle: (id: string) => void;
  /** The period before, with the dashes it is drawn in. */
  compare?: string | null;
};

export const COMPARE_ID = "compare";

/** The series in stack order, each a button that takes it out of the chart and back. */
export function Legend({ series, hidden, onToggle, compare }: LegendProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div className="legend" role="group" aria-label="Series">
      {series.map(({ id, name, colour }) => (
        <button key={id} type="button" aria-pressed={!hidden.has(id)} onClick={() => onToggle(id)}>
          <i className={`swatch series-${colour}`} />
          {name}
        </button>
      ))}
      {compare && (
        <button type="button" aria-pressed={!hidden.has(COMPARE_ID)} onClick={() => onToggle(COMPARE_ID)}>
          <svg width="16" height="10" aria-hidden="true">
            <path className="compare-line" d="M0 5h16" />
          </svg>
          {compare}
        </button>
      )}
    </div>
  );
}
