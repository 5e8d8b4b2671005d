"use client";

import { useState } from "react";
import { applyTheme, shownTheme, type Theme } from "@/app/_ui/theme";
import { formOf } from "@/app/_ui/use-form-action";
import { themeAction } from "./theme-action";

/** The theme and its switch: it shows at once, this browser remembers it, and so does the member, for every other one. */
export function useTheme(first: Theme) {
  const [theme, setTheme] = useState(() => shownTheme() ?? first);
  function choose(next: Theme) {
    setTheme(next);
    applyTheme(next);
    // This browser has it in any case: nobody needs to hear that the others don't yet.
    themeAction(null, formOf({ theme: next })).catch(() => undefined);
  }
  return { theme, choose };
}
