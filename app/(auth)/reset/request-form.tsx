"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { TextField } from "@/app/_ui/field";
import { Note } from "@/app/_ui/note";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { requestResetAction } from "./actions";

/** Asks for a link by mail. What it says afterwards tells nobody who is a member. */
export function RequestForm() {
  const [isAsked, setAsked] = useState(false);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(requestResetAction, () => setAsked(true));
  if (isAsked) {
    return (
      <Note tone="info" role="status">
        If that address is a member's, a link is on its way. It works for an hour.
      </Note>
    );
  }
  return (
    <form method="post" onSubmit={onSubmit} noValidate>
      <Refused refusal={refusal} />
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        inputMode="email"
        error={errorOf("email")}
        autoFocus
        required
      />
      <Button type="submit" tone="primary" wide busy={busy}>
        Send a link
      </Button>
    </form>
  );
}
