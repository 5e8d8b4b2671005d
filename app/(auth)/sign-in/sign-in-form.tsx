"use client";

import Link from "next/link";
import { type FormEvent, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { PasswordField, TextField } from "@/app/_ui/field";
import { signIn } from "../_gate/ask";

type SignInFormProps = {
  /** Where the person wanted to go: a path of ours. */
  callbackPath: string;
};

/** E-mail and password. What was typed stays after a refusal, except that the password is selected to be typed over. */
export function SignInForm({ callbackPath }: SignInFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    const refusal = await signIn(String(fields.get("email") ?? ""), String(fields.get("password") ?? ""));
    // A whole page load: nothing of the page before signing in stays.
    if (refusal === null) return window.location.assign(callbackPath);
    setBusy(false);
    setError(refusal);
    form.current?.querySelector<HTMLInputElement>("input[name=password]")?.select();
  }

  // Posted, should somebody be faster than the page's script: a password must never stand in an address.
  return (
    <form ref={form} method="post" onSubmit={submit}>
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        inputMode="email"
        autoFocus
        required
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        error={error}
        announced
        required
      />
      <Button type="submit" tone="primary" wide busy={busy}>
        Sign in
      </Button>
      <p className="muted">
        <Link href="/reset">Forgot your password?</Link>
      </p>
    </form>
  );
}
