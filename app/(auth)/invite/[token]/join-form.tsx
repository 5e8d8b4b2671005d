"use client";

import { Button } from "@/app/_ui/button";
import { PasswordField, TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import { HOME } from "@/lib/auth/callback-path";
import { type Provider, ProviderButtons } from "../../_gate/provider-buttons";
import { acceptInviteAction, keepInviteAction } from "./actions";

type JoinFormProps = {
  token: string;
  /** The address the invite is bound to; null: any. */
  email: string | null;
  providers: readonly Provider[];
};

/** Name and password, or a provider. */
export function JoinForm({ token, email, providers }: JoinFormProps) {
  const { onSubmit, busy, refusal, errorOf } = useFormAction(acceptInviteAction, () => window.location.assign(HOME));
  return (
    <>
      <form method="post" onSubmit={onSubmit} noValidate>
        <Refused refusal={refusal} />
        <input type="hidden" name="token" value={token} />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          inputMode="email"
          defaultValue={email ?? undefined}
          readOnly={email !== null}
          help={email === null ? undefined : "The invite is for this address."}
          error={errorOf("email")}
          required
        />
        <TextField label="Name" name="name" autoComplete="name" maxLength={64} error={errorOf("name")} required />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          help={errorOf("password") ? undefined : "At least 12 characters."}
          error={errorOf("password")}
          required
        />
        <Button type="submit" tone="primary" wide busy={busy}>
          Join
        </Button>
      </form>
      <ProviderButtons
        providers={providers}
        callbackPath={HOME}
        prepare={() => keepInviteAction(null, formOf({ token }))}
      />
    </>
  );
}
