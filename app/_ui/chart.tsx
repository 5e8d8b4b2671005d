"use client";

import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { classes } from "./classes";
import { type Scale, scaleFor } from "./scale";

export type ChartColumn = {
  /** When it begins, in ms: what tells columns apart. */
  at: number;
  /** What the tooltip is called: "Thu 12 Nov". */
  title: string;
  /** Written under the axis, where there is room for it. */
  tick?: string;
  /** It has not ended yet. */
  isSoFar?: boolean;
};

export type ChartSeries = {
  id: string;
  name: string;
  /** 1 to 8, 9 for "Other", or 10 for what nobody used. */
  colour: number;
  /** One value a column; null where nothing was measured. */
  values: readonly (number | null)[];
};

type ChartProps = {
  /** What is shown, for screen readers; the same numbers stand in a table. */
  label: string;
  columns: readonly ChartColumn[];
  /** The first one lies at the bottom. */
  series: readonly ChartSeries[];
  /** Bars for amounts in buckets, lines for levels. */
  shape?: "bars" | "lines";
  /** The period before, one value a column. */
  compare?: { name: string; values: readonly number[] } | null;
  written: (value: number) => string;
  /** How the axis is written, if another way. */
  axis?: (value: number) => string;
  low?: boolean;
  /** Goes finer: a press on a column. */
  onPick?: (column: number) => void;
};

const WIDTH = 1_000;
const HEIGHT = 264;
const GAP = 0.26;

/** Columns over time in an SVG of our own. The tooltip follows the pointer, a tap and the arrow keys, and is said aloud. */
export function Chart({
  label,
  columns,
  series,
  shape = "bars",
  compare,
  written,
  axis = written,
  low,
  onPick,
}: ChartProps) {
  const [at, setAt] = useState<number | null>(null);
  const [bySound, setBySound] = useState(false);
  const totals = columns.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const most =
    shape === "bars"
      ? Math.max(0, ...totals, ...(compare?.values ?? []))
      : Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const scale = scaleFor(most);
  const step = WIDTH / Math.max(1, columns.length);

  const columnUnder = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
    return Math.max(0, Math.min(columns.length - 1, index));
  };

  function onKeyDown(event: KeyboardEvent) {
    const from = at ?? columns.length;
    const to = { ArrowLeft: from - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: columns.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setBySound(true);
      setAt(Math.max(0, Math.min(columns.length - 1, to)));
    } else if (event.key === "Escape" && at !== null) {
      event.stopPropagation();
      setAt(null);
    } else if (event.key === "Enter" && at !== null) onPick?.(at);
  }

  return (
    <div className="chart">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields */}
      <div
        className={classes("plot", low && "plot-low", onPick && "plot-pick")}
        role="group"
        aria-roledescription="chart"
        aria-label={`${label}. Arrow keys read it column by column.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the columns one by one
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          setBySound(false);
          setAt(columnUnder(event));
        }}
        onPointerDown={(event) => setAt(columnUnder(event))}
        onPointerLeave={(event) => event.pointerType === "mouse" && setAt(null)}
        onBlur={() => setAt(null)}
        onClick={() => at !== null && onPick?.(at)}
      >
        <GridLines scale={scale} written={axis} />
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {at !== null && <rect className="column" x={at * step} y={0} width={step} height={HEIGHT} />}
          {shape === "bars" ? (
            <Bars series={series} step={step} top={scale.top} />
          ) : (
            <Lines series={series} step={step} top={scale.top} />
          )}
          {compare && <Steps values={compare.values} step={step} top={scale.top} />}
        </svg>
        {at !== null && columns[at] && (
          <Tip
            column={columns[at]}
            index={at}
            count={columns.length}
            series={series}
            total={shape === "bars" ? (totals[at] ?? 0) : null}
            compare={compare ? { name: compare.name, value: compare.values[at] ?? 0 } : null}
            written={written}
          />
        )}
      </div>
      <div className="x-axis" aria-hidden="true">
        {columns.map(({ at: begin, tick }, index) =>
          tick ? (
            <span key={begin} style={{ left: `${((index + 0.5) * 100) / columns.length}%` }}>
              {tick}
            </span>
          ) : null,
        )}
      </div>
      <p className="visually-hidden" role="status">
        {bySound && at !== null && columns[at] && said(columns[at], series, at, written)}
      </p>
    </div>
  );
}

function GridLines({ scale: { top, ticks }, written }: { scale: Scale; written: (value: number) => string }) {
  return ticks.map((tick) => (
    <div
      key={tick}
      className={tick === 0 ? "grid-line base" : "grid-line"}
      style={{ bottom: `${(tick / top) * 100}%` }}
      aria-hidden="true"
    >
      <span>{tick === 0 ? "0" : written(tick)}</span>
    </div>
  ));
}

type Drawn = { series: readonly ChartSeries[]; step: number; top: number };

/** One path a series: a week of hours by member is more than a thousand bars. */
function Bars({ series, step, top }: Drawn) {
  const below: number[] = [];
  const width = rounded(step * (1 - GAP));
  return (
    <g className="bars">
      {series.map(({ id, colour, values }) => {
        const path = values.map((value, index) => {
          if (!value) return "";
          const height = (value / top) * HEIGHT;
          const bottom = below[index] ?? HEIGHT;
          below[index] = bottom - height;
          // A hairline of the page between segments; what is too thin for it stays whole.
          const drawn = rounded(height > 2 ? height - 0.9 : height);
          return `M${rounded((index + GAP / 2) * step)} ${rounded(bottom - height)}h${width}v${drawn}h-${width}z`;
        });
        return <path key={id} className={`series-${colour}`} d={path.join("")} />;
      })}
    </g>
  );
}

/** Thousandths of a unit are less than any screen shows. */
const rounded = (value: number) => Math.round(value * 1_000) / 1_000;

function Lines({ series, step, top }: Drawn) {
  return series.map(({ id, colour, values }) => {
    let isOpen = false;
    const path = values.map((value, index) => {
      if (value === null) {
        isOpen = false;
        return "";
      }
      const command = isOpen ? "L" : "M";
      isOpen = true;
      // The hair makes a point with nothing beside it a dot.
      return `${command}${(index + 0.5) * step} ${HEIGHT - (value / top) * HEIGHT}h.01`;
    });
    return <path key={id} className={`series-${colour}`} d={path.join("")} vectorEffect="non-scaling-stroke" />;
  });
}

function Steps({ values, step, top }: { values: readonly number[]; step: number; top: number }) {
  const path = values
    .map((value, index) => {
      const y = HEIGHT - (value / top) * HEIGHT;
      return `${index === 0 ? "M" : "L"}${index * step} ${y}H${(index + 1) * step}`;
    })
    .join("");
  return (
    <>
      <path className="compare-halo" d={path} vectorEffect="non-scaling-stroke" />
      <path className="compare-line" d={path} vectorEffect="non-scaling-stroke" />
    </>
  );
}

type TipProps = {
  column: ChartColumn;
  index: number;
  count: number;
  series: readonly ChartSeries[];
  /** Null where values don't add up, as levels don't. */
  total: number | null;
  compare: { name: string; value: number } | null;
  written: (value: number) => string;
};

/** One column's values by size, docked to the side of it that has room. */
function Tip({ column, index, count, series, total, compare, written }: TipProps) {
  const isLeft = index < count / 2;
  const side = isLeft ? { left: `${((index + 1) / count) * 100}%` } : { right: `${(1 - index / count) * 100}%` };
  return (
    <div className="tip" style={side} aria-hidden="true">
      <div className="tip-row tip-title">
        {column.title}
        {column.isSoFar && " so far"}
      </div>
      {entriesAt(series, index).map(({ id, name, colour, value }) => (
        <div key={id} className="tip-row">
          <i className={`swatch series-${colour}`} />
          <span>{name}</span>
          <span>{written(value)}</span>
        </div>
      ))}
      {total !== null && (
        <div className="tip-row tip-total">
          <span>Total</span>
          <span>{written(total)}</span>
        </div>
      )}
      {compare && (
        <div className="tip-row muted">
          <span>{compare.name}</span>
          <span>{written(compare.value)}</span>
        </div>
      )}
    </div>
  );
}

function entriesAt(series: readonly ChartSeries[], index: number) {
  return series
    .flatMap(({ id, name, colour, values }) => {
      const value = values[index];
      return value ? [{ id, name, colour, value }] : [];
    })
    .sort((a, b) => b.value - a.value);
}

function said(column: ChartColumn, series: readonly ChartSeries[], index: number, written: (value: number) => string) {
  const entries = entriesAt(series, index).map(({ name, value }) => `${name} ${written(value)}`);
  return `${column.title}${column.isSoFar ? " so far" : ""}: ${entries.join(", ") || "nothing"}`;
}
