import type { ReactNode } from "react";

/** A page's title, a grey word on its state, and at its end what the page is for. */
export function PageHead({
  title,
  chip,
  meta,
  fill,
  children,
}: {
  title: ReactNode;
  /** A state beside the title. */
  chip?: ReactNode;
  meta?: ReactNode;
  /** On phones the actions take a line of their own. */
  fill?: boolean;
  children?: ReactNode;
}) {
  return (
    <header className="page-head">
      <h1 className={typeof title === "string" ? undefined : "row"}>{title}</h1>
      {chip}
      {meta && <span className="meta num">{meta}</span>}
      {children && <div className={fill ? "actions actions-fill" : "actions"}>{children}</div>}
    </header>
  );
}

/** A section's title with a grey word beside it and a link at its end. */
export function SectionTitle({ children, meta, end }: { children: ReactNode; meta?: ReactNode; end?: ReactNode }) {
  return (
    <h2 className="section-title">
      {children}
      {meta && <span className="muted">{meta}</span>}
      {end && <span className="end">{end}</span>}
    </h2>
  );
}
