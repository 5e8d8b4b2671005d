"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { FormError } from "@/app/_ui/field";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import { leaveFor } from "@/app/(auth)/_gate/ask";
import type { configuredProviders, signInMethods } from "@/lib/auth/queries";
import { connectAction, disconnectAction } from "./actions";

type SignInsProps = {
  methods: Awaited<ReturnType<typeof signInMethods>>;
  providers: ReturnType<typeof configuredProviders>;
};

/** Providers that vouch for this member. Nothing is shown where none is configured and none connected. */
export function SignIns({ methods: { hasPassword, accounts }, providers }: SignInsProps) {
  const { send, busy, refusal } = useFormAction(disconnectAction, () => showToast("The sign-in is disconnected"));
  const [leaving, setLeaving] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  if (providers.length === 0 && accounts.length === 0) return null;
  const nameOf = (id: string) => providers.find((provider) => provider.id === id)?.name ?? id;
  const isOnlyWay = !hasPassword && accounts.length === 1;
  const missing = providers.filter(({ id }) => accounts.every(({ provider }) => provider !== id));

  async function connect(id: string) {
    if (leaving) return;
    setLeaving(id);
    const kept = await connectAction(null, new FormData()).catch(() => null);
    setError(kept?.ok ? await leaveFor(id, "/settings") : (kept?.message ?? "Podpass did not answer. Try again."));
    setLeaving(null);
  }

  return (
    <section className="gap-above-lg">
      <SectionTitle>Connected sign-ins</SectionTitle>
      <Refused refusal={refusal} />
      <ul className="history models">
        {accounts.map(({ id, provider, createdAt }) => (
          <li key={id}>
            <span>
              {nameOf(provider)}{" "}
              <span className="muted">
                since <Time at={createdAt} style="day" />
              </span>
            </span>
            <Button
              size="small"
              busy={busy}
              aria-disabled={isOnlyWay || undefined}
              title={isOnlyWay ? "Choose a password first: this is your only way to sign in." : undefined}
              aria-label={`Disconnect ${nameOf(provider)}`}
              onClick={() => send(formOf({ accountId: id }))}
            >
              Disconnect
            </Button>
          </li>
        ))}
      </ul>
      {missing.length > 0 && (
        <div className="rows-tight gap-above">
          <FormError>{error}</FormError>
          <div className="row wrap">
            {missing.map(({ id, name }) => (
              <Button key={id} size="small" busy={leaving === id} onClick={() => connect(id)}>
                Connect {name}
              </Button>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}
