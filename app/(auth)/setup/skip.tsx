"use client";

import { Button } from "@/app/_ui/button";
import { Refused } from "@/app/_ui/refused";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import { skipAction } from "./actions";

/** The way past a step. */
export function Skip({ to, children }: { to: "key" | "end"; children: string }) {
  const { send, busy, refusal } = useFormAction(skipAction);
  return (
    <>
      <Refused refusal={refusal} />
      <Button tone="quiet" wide busy={busy} onClick={() => send(formOf({ to }))}>
        {children}
      </Button>
    </>
  );
}
