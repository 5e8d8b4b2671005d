"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useTransition } from "react";

type Patch = Record<string, string | null>;

/**
 * The page's filters, which live in its address. A change takes the cursor with it: another list begins at its first
 * page. While the server answers, `busy` is true and the old rows stay.
 */
export function useQuery() {
  const router = useRouter();
  const pathname = usePathname();
  const params = useSearchParams();
  const [busy, start] = useTransition();

  const hrefOf = (query: URLSearchParams) => (query.size === 0 ? pathname : `${pathname}?${query}`);

  function hrefWith(patch: Patch) {
    const next = new URLSearchParams(params);
    next.delete("cursor");
    for (const [name, value] of Object.entries(patch)) {
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
    }
    return hrefOf(next);
  }

  const go = (href: string) => start(() => router.replace(href, { scroll: false }));
  const change = (patch: Patch) => go(hrefWith(patch));

  /** Takes one value of a name away and leaves its others. */
  function drop(name: string, value: string) {
    const next = new URLSearchParams(params);
    next.delete("cursor");
    next.delete(name, value);
    go(hrefOf(next));
  }

  return { params, busy, hrefWith, change, drop };
}
