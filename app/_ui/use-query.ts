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

  function hrefWith(patch: Patch) {
    const next = new URLSearchParams(params);
    next.delete("cursor");
    for (const [name, value] of Object.entries(patch)) {
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
    }
    const query = next.toString();
    return query === "" ? pathname : `${pathname}?${query}`;
  }

  const change = (patch: Patch) => start(() => router.replace(hrefWith(patch), { scroll: false }));
  return { params, busy, hrefWith, change };
}
