"use client";

import { useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { TextField } from "@/app/_ui/field";
import { day } from "@/app/_ui/moments";
import { Refused } from "@/app/_ui/refused";
import { SecretPanel } from "@/app/_ui/secret-panel";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import { useTypedEarly } from "@/app/_ui/use-typed-early";
import { createFirstKeyAction, skipAction } from "./actions";
import { Skip } from "./skip";

type Created = Extract<Awaited<ReturnType<typeof createFirstKeyAction>>, { ok: true }>["value"];

type KeyFormProps = { memberName: string; publicUrl: string; model: string | null; ends: string; zone: string };

/** Step three: the first key, ending in the pass that every new secret gets. */
export function KeyForm({ memberName, publicUrl, model, ends, zone }: KeyFormProps) {
  const [name, setName] = useState("laptop");
  const field = useRef<HTMLInputElement>(null);
  useTypedEarly(field, name, setName);
  const [created, setCreated] = useState<Created | null>(null);
  const create = useFormAction(createFirstKeyAction, setCreated);
  const finish = useFormAction(skipAction);

  if (created) {
    const { secret, hint, expiresAt } = created;
    return (
      <div className="rows">
        <p>Copy the secret now. You won't see it again; if it gets lost, rotate the key.</p>
        <SecretPanel
          secret={secret}
          hint={hint}
          keyName={name}
          memberName={memberName}
          ends={expiresAt ? `ends ${day(new Date(expiresAt), zone, new Date())}` : "never ends"}
          publicUrl={publicUrl}
          model={model}
        />
        <Refused refusal={finish.refusal} />
        <Button wide busy={finish.busy} onClick={() => finish.send(formOf({ to: "end" }))}>
          I've saved it
        </Button>
      </div>
    );
  }
  return (
    <>
      <form method="post" onSubmit={create.onSubmit} noValidate>
        <Refused refusal={create.refusal} />
        <TextField
          ref={field}
          label="Name"
          name="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={64}
          autoComplete="off"
          help={ends}
          error={create.errorOf("name")}
          autoFocus
          required
        />
        <Button type="submit" tone="primary" wide busy={create.busy}>
          Create key
        </Button>
      </form>
      <Skip to="end">Skip: create it later</Skip>
    </>
  );
}
