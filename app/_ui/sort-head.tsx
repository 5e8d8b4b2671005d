import Link from "next/link";
import type { ReactNode } from "react";
import { ChevronIcon } from "./icons";

type SortHeadProps = {
  by: string;
  /** `sort` and `dir` of the address. */
  current: string | null;
  direction: string | null;
  hrefWith: (patch: Record<string, string | null>) => string;
  /** Biggest or newest first on the first press. */
  firstDescending?: boolean;
  /** The order while the address names none. */
  isDefault?: boolean;
  className?: string;
  children: ReactNode;
};

/** A column one can sort by: a link, so that the order is part of the address. */
export function SortHead({
  by,
  current,
  direction,
  hrefWith,
  firstDescending,
  isDefault,
  className,
  children,
}: SortHeadProps) {
  const isSorted = current === by || (current === null && Boolean(isDefault));
  const descending = isSorted && (direction === null ? Boolean(firstDescending) : direction === "desc");
  const next = isSorted ? !descending : Boolean(firstDescending);
  const order = isSorted ? (descending ? "descending" : "ascending") : "none";
  return (
    <th aria-sort={order} className={className}>
      <Link href={hrefWith({ sort: by, dir: next ? "desc" : "asc" })} replace scroll={false}>
        {children}
        {isSorted && <ChevronIcon size={12} />}
      </Link>
    </th>
  );
}
