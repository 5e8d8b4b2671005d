"use client";

import { useEffect } from "react";

/**
 * Opens what an address asks for with `?do=`, once: the command menu leads to a page's dialogs that way. An address can open
 * a dialog, which asks; it can do nothing by itself.
 */
export function useAsked(open: Readonly<Record<string, () => void>>) {
  // After every render: the page may be there already when the menu asks something of it.
  useEffect(() => {
    const address = new URL(location.href);
    const asked = address.searchParams.get("do");
    if (asked === null) return;
    address.searchParams.delete("do");
    history.replaceState(history.state, "", address);
    if (Object.hasOwn(open, asked)) open[asked]?.();
  });
}
