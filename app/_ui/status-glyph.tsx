/** Each state has a shape of its own, so that colour is never the only sign. */
export type Glyph = "disc" | "half" | "clock" | "triangle" | "cross" | "bars" | "ring";

const STROKED = { fill: "none", stroke: "currentColor" } as const;

/** disc works, half disc in progress, clock soon, triangle slowed, cross failed, bars paused, ring at rest. */
export function StatusGlyph({ glyph, size = 12 }: { glyph: Glyph; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true">
      {glyph === "disc" && <circle cx="6" cy="6" r="4" fill="currentColor" />}
      {glyph === "half" && (
        <>
          <circle cx="6" cy="6" r="4.2" {...STROKED} strokeWidth="1.6" />
          <path d="M6 1.8a4.2 4.2 0 0 1 0 8.4Z" fill="currentColor" />
        </>
      )}
      {glyph === "clock" && (
        <g {...STROKED} strokeWidth="1.5">
          <circle cx="6" cy="6" r="4.5" />
          <path d="M6 3.3V6l1.8 1.1" />
        </g>
      )}
      {glyph === "triangle" && <path d="M6 1.3 11.3 10.6H.7Z" fill="currentColor" />}
      {glyph === "cross" && <path d="m2.8 2.8 6.4 6.4M9.2 2.8 2.8 9.2" {...STROKED} strokeWidth="1.8" />}
      {glyph === "bars" && <path d="M3 2h2v8H3zM7 2h2v8H7z" fill="currentColor" />}
      {glyph === "ring" && <circle cx="6" cy="6" r="4" {...STROKED} strokeWidth="1.5" />}
    </svg>
  );
}
