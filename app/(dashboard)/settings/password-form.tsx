"use client";

import { useRef } from "react";
import { Button } from "@/app/_ui/button";
import { PasswordField } from "@/app/_ui/field";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { passwordAction } from "./actions";

/** A new password. Every other session ends with the old one. */
export function PasswordForm({ email, hasPassword }: { email: string; hasPassword: boolean }) {
  const form = useRef<HTMLFormElement>(null);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(passwordAction, () => {
    form.current?.reset();
    showToast("Your password is changed. Your other sessions have ended.");
  });
  return (
    <section>
      <SectionTitle>Password</SectionTitle>
      <form ref={form} method="post" className="rows" onSubmit={onSubmit} noValidate>
        <Refused refusal={refusal} />
        {/* For password managers: they keep the new one under this name. */}
        <input
          type="email"
          className="visually-hidden"
          autoComplete="username"
          value={email}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        {hasPassword && (
          <PasswordField
            label="Current password"
            name="current"
            autoComplete="current-password"
            error={errorOf("current")}
          />
        )}
        <PasswordField
          label="New password"
          name="password"
          autoComplete="new-password"
          help="At least 12 characters. Changing it ends your other sessions; your keys are not affected."
          error={errorOf("password")}
        />
        <div>
          <Button type="submit" busy={busy}>
            {hasPassword ? "Change password" : "Choose password"}
          </Button>
        </div>
      </form>
    </section>
  );
}
