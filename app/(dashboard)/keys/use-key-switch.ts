"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { showToast } from "@/app/_ui/toast";
import { formOf } from "@/app/_ui/use-form-action";
import { disableAction, enableAction } from "./actions";
import { isInUse, type KeyFacts } from "./key-facts";

type Options = {
  onRefused: (message: string) => void;
  /** A key in use, or somebody else's, is about to be disabled: what breaks is said first. */
  onAsk: (key: KeyFacts) => void;
  viewerId: string;
};

/** Disables and enables: one press where nothing breaks, and an undo in the toast. What is refused is told to the page, where it stays. */
export function useKeySwitch({ onRefused, onAsk, viewerId }: Options) {
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

  function press(key: KeyFacts, on: boolean) {
    const asks = !on && (key.member.id !== viewerId || isInUse(key, new Date()));
    if (asks) onAsk(key);
    else turn(key, on);
  }

  return { press, turn, busy };
}
