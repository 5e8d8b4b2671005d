"use client";

import { type ReactNode, useRef } from "react";
import { CopyButton } from "./copy-button";
import { type CodeLanguage, highlight } from "./highlight";

/** Code in its well, with its own Copy. Reachable by keyboard, because long lines scroll. */
export function CodeBlock({
  code,
  language,
  label,
  alone,
  head,
}: {
  code: string;
  language: CodeLanguage;
  label: string;
  /** With a border of its own, where no tabs stand above it. */
  alone?: boolean;
  /** What stands over the code, such as a choice of libraries. */
  head?: ReactNode;
}) {
  const source = useRef<HTMLPreElement>(null);
  return (
    <div className={alone ? "code-wrap code-alone" : "code-wrap"}>
      {head}
      <CopyButton text={code} size="small" source={source} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable without a pointer */}
      <section className="code" aria-label={label} tabIndex={0}>
        <pre ref={source}>
          {highlight(code, language).map(({ text, kind, at }) =>
            kind ? (
              <span key={at} className={kind}>
                {text}
              </span>
            ) : (
              text
            ),
          )}
        </pre>
      </section>
    </div>
  );
}
