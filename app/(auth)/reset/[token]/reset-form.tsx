"use client";

import { Button } from "@/app/_ui/button";
import { PasswordField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { HOME } from "@/lib/auth/callback-path";
import { resetPasswordAction } from "../actions";

/** One new password. The address is there for password managers, which file it under that name. */
export function ResetForm({ token, email }: { token: string; email: string }) {
  const { onSubmit, busy, refusal, errorOf } = useFormAction(resetPasswordAction, () => window.location.assign(HOME));
  return (
    <form method="post" onSubmit={onSubmit} noValidate>
      <Refused refusal={refusal} />
      <input type="hidden" name="token" value={token} />
      <input
        className="visually-hidden"
        aria-hidden
        tabIndex={-1}
        autoComplete="username"
        defaultValue={email}
        readOnly
      />
      <PasswordField
        label="New password"
        name="password"
        autoComplete="new-password"
        help={errorOf("password") ? undefined : "At least 12 characters. Every other session of yours ends."}
        error={errorOf("password")}
        autoFocus
        required
      />
      <Button type="submit" tone="primary" wide busy={busy}>
        Change password
      </Button>
    </form>
  );
}
