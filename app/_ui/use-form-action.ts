"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState, useTransition } from "react";
import type { ActionResult, Refusal } from "@/lib/auth/member-action";

type Action<T> = (last: ActionResult<T> | null, form: FormData) => Promise<ActionResult<T>>;

const LOST: Refusal = {
  ok: false,
  code: "internal_error",
  message: "Podpass did not answer. Look whether it happened before you try again.",
};

/**
 * Sends a form to a server action: once, however often it is pressed, and without React's reset, so that a refusal costs
 * nobody what they typed. What it answers stays in this component's memory.
 */
export function useFormAction<T>(action: Action<T>, onDone?: (value: T) => void) {
  const router = useRouter();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, start] = useTransition();

  function send(form: FormData) {
    if (busy) return;
    start(async () => {
      const result = await action(null, form).catch(() => LOST);
      setRefusal(result.ok ? null : result);
      if (result.ok) onDone?.(result.value);
      // Somebody else changed it meanwhile: the page behind shows how it stands now.
      else if (result.code === "conflict" || result.code === "not_found") router.refresh();
    });
  }

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    send(new FormData(event.currentTarget));
  }

  return { onSubmit, send, busy, refusal, errorOf: (field: string) => refusal?.fields?.[field] };
}

/** A form's fields for an action that is called without a form on the page. */
export function formOf(fields: Record<string, string>) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}
