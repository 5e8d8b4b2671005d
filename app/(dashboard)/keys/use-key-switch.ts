"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { showToast } from "@/app/_ui/toast";
import { formOf } from "@/app/_ui/use-form-action";
import { disableAction, enableAction } from "./actions";
import type { KeyFacts } from "./key-facts";

type Refused = (message: string) => void;

/** Disables and enables: one press, and an undo in the toast. What is refused is told to the page, where it stays. */
export function useKeySwitch(onRefused: Refused) {
  const router = useRouter();
  const [busy, start] = useTransition();

  function turn(key: Pick<KeyFacts, "id" | "name">, on: boolean, isUndo = false) {
    start(async () => {
      const action = on ? enableAction : disableAction;
      const result = await action(null, formOf({ keyId: key.id })).catch(() => null);
      if (!result?.ok) {
        onRefused(result?.message ?? "Podpass did not answer. Look whether it happened before you try again.");
        router.refresh();
        return;
      }
      const words = on ? `${key.name} works again` : `${key.name} is disabled. Calls with it fail within 5 seconds.`;
      showToast(words, isUndo ? undefined : () => turn(key, !on, true));
    });
  }

  return { turn, busy };
}
