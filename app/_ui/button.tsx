import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";

export type Look = {
  /** `primary` is the one thing a view is for; `danger` opens what can't be undone, `final` does it. */
  tone?: "plain" | "primary" | "danger" | "final" | "quiet";
  size?: "normal" | "small";
  wide?: boolean;
  icon?: ReactNode;
};

type ButtonProps = Look & ComponentProps<"button"> & { busy?: boolean };

/** The classes of whatever looks like a button. */
export const buttonClasses = ({ tone = "plain", size = "normal", wide }: Look, className?: string) =>
  classes(
    "button",
    tone !== "plain" && `button-${tone}`,
    size === "small" && "button-small",
    wide && "button-wide",
    className,
  );

/** A button that keeps its width while busy and can't be pressed twice. */
export function Button({ tone, size, wide, icon, busy, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={buttonClasses({ tone, size, wide }, className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest["aria-disabled"]}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {icon}
      {children}
    </button>
  );
}

/** A button that is only a picture; `label` is what it is called. */
export function IconButton({ label, className, children, ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <button
      type="button"
      {...rest}
      className={classes("button", "button-quiet", "button-icon", className)}
      aria-label={label}
      title={label}
    >
      {children}
    </button>
  );
}
