import type { ReactNode } from "react";

/** A used share of a known whole, with its figures, when it refills and where the limit comes from. */
export function Meter({
  label,
  used,
  limit,
  words,
  unit,
  help,
}: {
  label: string;
  used: number;
  limit: number;
  /** How used and limit are written. */
  words: { used: string; limit: string };
  /** What is counted, for who can't see the label beside it: "requests this minute". */
  unit?: string;
  help?: ReactNode;
}) {
  const share = limit === 0 ? 1 : Math.min(1, used / limit);
  const tone = share >= 1 ? " meter-danger" : share > 0.85 ? " meter-warn" : "";
  return (
    <div>
      <div className="row spread meter-head">
        <b>{label}</b>
        <span className="num">
          <b>{words.used}</b> <span className="muted">of {words.limit}</span>
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: the platform's meter can't be drawn alike in every browser */}
      <svg
        className={`meter${tone}`}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={[words.used, "of", words.limit, unit].filter(Boolean).join(" ")}
        preserveAspectRatio="none"
      >
        <rect width={`${(share * 100).toFixed(2)}%`} height="100%" />
      </svg>
      {help && <div className="help-small">{help}</div>}
    </div>
  );
}
