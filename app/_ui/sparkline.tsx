import { compact, exact } from "./figures";

const WIDTH = 84;
const HEIGHT = 20;
const TALLEST = 18;

/** A bar a day, the last one today's; nothing used is a tick of one pixel. The figure beside it is their sum. */
export function Sparkline({ days, label }: { days: readonly number[]; label: string }) {
  const step = WIDTH / Math.max(1, days.length);
  const most = Math.max(...days, 1);
  const total = days.reduce((sum, tokens) => sum + tokens, 0);
  return (
    <span className="sparkline">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}: ${exact(total)} tokens`}>
        {days.map((tokens, index) => {
          const height = tokens === 0 ? 1 : Math.max(2, Math.round((tokens / most) * TALLEST));
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is the day
              key={index}
              className={tokens === 0 ? "zero" : undefined}
              x={index * step}
              y={HEIGHT - height}
              width={step - 2}
              height={height}
            />
          );
        })}
      </svg>
      <span className="num" title={`${exact(total)} tokens`}>
        {compact(total)}
      </span>
    </span>
  );
}
