import type { ReactNode } from "react";
import type { Figure } from "./figures";

export type Tile = {
  label: string;
  figure: Figure;
  /** The exact value, where the figure is a short form. */
  exactly?: string;
  below?: ReactNode;
  /** A state glyph behind the figure. */
  state?: ReactNode;
};

/** Two to five figures in one line between hairlines. */
export function Tiles({ tiles }: { tiles: readonly Tile[] }) {
  return (
    <dl className={tiles.length === 4 ? "tiles" : `tiles tiles-${tiles.length}`}>
      {tiles.map(({ label, figure, exactly, below, state }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className="figure" title={exactly}>
            {figure.value}
            {figure.unit && <small>{figure.unit}</small>}
            {state}
          </dd>
          <dd className="below">{below}</dd>
        </div>
      ))}
    </dl>
  );
}
