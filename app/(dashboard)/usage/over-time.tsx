import type { ChartColumn, ChartSeries } from "@/app/_ui/chart";

type OverTimeProps = {
  columns: readonly ChartColumn[];
  series: readonly ChartSeries[];
  shape: "bars" | "lines";
  written: (value: number) => string;
};

/** The chart's numbers, one row a bucket, newest first; what nothing happened in is left out. */
export function OverTime({ columns, series, shape, written }: OverTimeProps) {
  const rows = columns
    .map((column, index) => ({ column, values: series.map(({ values }) => values[index] ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null && value !== 0))
    .reverse();
  const isSummed = shape === "bars" && series.length > 1;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable without a pointer
    <section className="over-time" aria-label="The chart's numbers" tabIndex={0}>
      <table className="dense">
        <thead>
          <tr>
            <th>Time</th>
            {series.map(({ id, name, colour }) => (
              <th key={id} className="right">
                <i className={`swatch series-${colour}`} /> {name}
              </th>
            ))}
            {isSummed && <th className="right">Total</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ column, values }) => (
            <tr key={column.at}>
              <th scope="row" className="nowrap">
                {column.title}
                {column.isSoFar && <span className="muted">, so far</span>}
              </th>
              {values.map((value, index) => (
                <td key={series[index]?.id} className="right nowrap">
                  {value === null ? "–" : written(value)}
                </td>
              ))}
              {isSummed && (
                <td className="right nowrap">
                  <b>{written(values.reduce((sum: number, value) => sum + (value ?? 0), 0))}</b>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
