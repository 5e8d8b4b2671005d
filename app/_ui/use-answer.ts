"use client";

import { useEffect, useState } from "react";
import type { ActionResult } from "@/lib/auth/member-action";
import { formOf } from "./use-form-action";

/**
 * What an action answers when it is asked once, as its dialog opens: the page behind may be an hour old. Null until it has
 * come, and where it was refused: what a dialog says without it has to be true as well.
 */
export function useAnswer<T>(
  action: (last: ActionResult<T> | null, form: FormData) => Promise<ActionResult<T>>,
  field: string,
  id: string,
): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    let left = false;
    action(null, formOf({ [field]: id })).then(
      (result) => !left && result.ok && setAnswer(result.value),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [action, field, id]);
  return answer;
}
