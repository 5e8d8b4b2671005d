import { compact, exact } from "./figures";

const WIDTH = 84;
const HEIGHT = 20;
const TALLEST = 18;

/** A bar a day, the last one today's; nothing used is a tick of one pixel. The figure beside it is their sum. */
export function Sparkline({ days, label }: { days: readonly number[]; label: string }) {
  const step = WIDTH / Math.max(1, days.length);
  const most = Math.max(...days, 1);
  const today = days.length - 1;
  const tall = (tokens: number) => Math.max(2, Math.round((tokens / most) * TALLEST));
  const bar = (index: number, height: number) => `M${index * step} ${HEIGHT}v-${height}h${step - 2}v${height}z`;
  const total = days.reduce((sum, tokens) => sum + tokens, 0);
  return (
    <span className="sparkline">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}: ${exact(total)} tokens`}>
        <path className="zero" d={days.map((tokens, index) => (tokens === 0 ? bar(index, 1) : "")).join("")} />
        <path
          d={days.map((tokens, index) => (tokens > 0 && index !== today ? bar(index, tall(tokens)) : "")).join("")}
        />
        <path className="today" d={days[today] ? bar(today, tall(days[today])) : ""} />
      </svg>
      <span className="num" title={`${exact(total)} tokens`}>
        {compact(total)}
      </span>
    </span>
  );
}
