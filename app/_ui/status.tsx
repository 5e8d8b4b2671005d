import type { ReactNode } from "react";
import { type Glyph, StatusGlyph } from "./status-glyph";

export type Tone = "ok" | "info" | "warn" | "danger" | "idle";

type StatusProps = {
  tone: Tone;
  glyph: Glyph;
  children: ReactNode;
  /** What follows the word in grey: "old until Mon 14:05". */
  detail?: ReactNode;
};

/** A state in a row: glyph and word, without a background. */
export function Status({ tone, glyph, children, detail }: StatusProps) {
  return (
    <span className="status">
      <span className={`status tone-${tone}`}>
        <StatusGlyph glyph={glyph} />
        {children}
      </span>
      {detail && <span className="muted">{detail}</span>}
    </span>
  );
}

/** The same state beside a title, filled. */
export function StatusChip({ tone, glyph, children }: Omit<StatusProps, "detail">) {
  return (
    <span className={`chip tone-${tone}`}>
      <StatusGlyph glyph={glyph} />
      {children}
    </span>
  );
}
