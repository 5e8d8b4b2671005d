import { teethOf } from "./teeth";

type CutProps = {
  hint: string;
  /** `ended` for outgoing and dead secrets, `fresh` on the pass. */
  state?: "live" | "ended" | "fresh";
  width?: number;
};

const TOOTH_WIDTH = 3.6;
const SHAFT_END = 33.5;

/** A secret's own key silhouette. Its six teeth come from the hint, so a rotated key visibly changes its cut. Decorative. */
export function Cut({ hint, state = "live", width = 34 }: CutProps) {
  const bits = teethOf(hint).map((depth, index) => {
    const left = SHAFT_END - TOOTH_WIDTH * (index + 1);
    return `V${7.5 + depth}H${left.toFixed(1)}`;
  });
  return (
    <svg
      className={state === "live" ? "cut" : `cut cut-${state}`}
      width={width}
      height={Math.round((width * 14) / 34)}
      viewBox="0 0 34 14"
      aria-hidden="true"
    >
      <path fill="currentColor" d={`M11 3.5H${SHAFT_END}${bits.join("")}V7.5H11Z`} />
      <rect x="0" y="1" width="12" height="12" rx="3" fill="currentColor" />
      <circle className="hole" cx="5" cy="7" r="2.1" />
    </svg>
  );
}
