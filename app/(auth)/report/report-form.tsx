"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { TextField } from "@/app/_ui/field";
import { Note } from "@/app/_ui/note";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { reportLeakAction } from "./actions";

/** Takes the secret and says thank you. What was pasted is gone with the form. */
export function ReportForm() {
  const [isReceived, setReceived] = useState(false);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(reportLeakAction, () => setReceived(true));
  if (isReceived) {
    return (
      <>
        <Note tone="info" role="status">
          Received. If it was a secret of this Podpass, its key no longer works and its owner is told.
        </Note>
        <div className="gap-above-lg">
          <Button wide onClick={() => setReceived(false)}>
            Report another
          </Button>
        </div>
      </>
    );
  }
  return (
    <form method="post" onSubmit={onSubmit} noValidate>
      <Refused refusal={refusal?.fields ? null : refusal} />
      <TextField
        label="Secret"
        name="secret"
        mono
        placeholder="sk-vllm-…"
        help="Or the line that holds it. It is looked up, and not kept."
        error={errorOf("secret")}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
      />
      <Button type="submit" tone="primary" wide busy={busy}>
        Report secret
      </Button>
    </form>
  );
}
