"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { FormError } from "@/app/_ui/field";
import { GateOr } from "@/app/_ui/gate";
import { leaveFor } from "./ask";

export type Provider = { id: string; name: string };

type ProviderButtonsProps = {
  providers: readonly Provider[];
  /** Where to go afterwards: a path of ours. */
  callbackPath: string;
  /** Before leaving: what has to be remembered on the way. */
  prepare?: () => Promise<{ ok: boolean; message?: string }>;
};

/** The other ways in, under the word "or". Nothing where none is configured. */
export function ProviderButtons({ providers, callbackPath, prepare }: ProviderButtonsProps) {
  const [leaving, setLeaving] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  if (providers.length === 0) return null;

  async function leave(id: string) {
    if (leaving) return;
    setLeaving(id);
    setError(null);
    const prepared = (await prepare?.().catch(() => ({ ok: false, message: undefined }))) ?? { ok: true };
    setError(
      prepared.ok
        ? await leaveFor(id, callbackPath)
        : (prepared.message ?? "Podpass did not answer. Try again in a moment."),
    );
    setLeaving(null);
  }

  return (
    <>
      <GateOr />
      <div className="rows-tight">
        <FormError>{error}</FormError>
        {providers.map(({ id, name }) => (
          <Button key={id} wide busy={leaving === id} onClick={() => leave(id)}>
            Continue with {name}
          </Button>
        ))}
      </div>
    </>
  );
}
