"use client";

import { Button } from "@/app/_ui/button";
import { PasswordField, TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { createOwnerAction } from "./actions";

/** Step one. When it is done the page itself moves on. */
export function OwnerForm({ code }: { code: string }) {
  const { onSubmit, busy, refusal, errorOf } = useFormAction(createOwnerAction);
  return (
    <form method="post" onSubmit={onSubmit} noValidate>
      <Refused refusal={refusal} />
      <input type="hidden" name="code" value={code} />
      <TextField
        label="Name"
        name="name"
        autoComplete="name"
        maxLength={64}
        error={errorOf("name")}
        autoFocus
        required
      />
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        inputMode="email"
        error={errorOf("email")}
        required
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="new-password"
        help={errorOf("password") ? undefined : "At least 12 characters."}
        error={errorOf("password")}
        required
      />
      <Button type="submit" tone="primary" wide busy={busy}>
        Continue
      </Button>
    </form>
  );
}
