import Link from "next/link";
import type { ComponentProps } from "react";
import { buttonClasses, type Look } from "./button";

/**
 * A link that looks like a button: it goes somewhere, it doesn't do something. In a file of its own, because the error pages,
 * which every page brings along, have buttons and no links.
 */
export function ButtonLink({
  tone,
  size,
  wide,
  icon,
  className,
  children,
  ...rest
}: Look & ComponentProps<typeof Link>) {
  return (
    <Link {...rest} className={buttonClasses({ tone, size, wide }, className)}>
      {icon}
      {children}
    </Link>
  );
}
