"use client";

import { type RefObject, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "./button";
import { copyShortcut, copyText, selectTextOf } from "./copy-text";
import { CheckIcon, CopyIcon } from "./icons";

type CopyButtonProps = {
  text: string;
  /** What the button says at rest. */
  children?: string;
  /** Selected when nothing could be copied, so that the keyboard can. */
  source?: RefObject<HTMLElement | null>;
  tone?: "plain" | "primary";
  size?: "normal" | "small";
  /** Only the picture; this is then its name, such as "Copy gpt-oss-20b". */
  iconLabel?: string;
};

const SAID_FOR_MS = 2_000;

/** Copies, and says "Copied" only if that happened. Otherwise the text is selected and the shortcut named. */
export function CopyButton({ text, children = "Copy", source, tone, size, iconLabel }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  const button = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    if (outcome !== "copied") return;
    const timer = setTimeout(() => setOutcome(null), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function copy() {
    if (!button.current) return;
    if (await copyText(text, button.current)) {
      setOutcome("copied");
      return;
    }
    if (source?.current) selectTextOf(source.current);
    setOutcome("refused");
  }

  const copied = outcome === "copied";
  return (
    <span className="copy" ref={button}>
      {iconLabel ? (
        <IconButton label={iconLabel} onClick={copy}>
          {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
        </IconButton>
      ) : (
        <Button tone={tone} size={size} onClick={copy}>
          <span className="copy-words">
            <span data-shown={!copied}>
              <CopyIcon size={14} />
              {children}
            </span>
            <span data-shown={copied} aria-hidden="true">
              <CheckIcon size={14} />
              Copied
            </span>
          </span>
        </Button>
      )}
      {outcome === "refused" && <span className="muted">Press {copyShortcut()}</span>}
      <span role="status" className="visually-hidden">
        {copied && "Copied"}
        {outcome === "refused" && `Your browser didn't allow copying. Press ${copyShortcut()}.`}
      </span>
    </span>
  );
}
