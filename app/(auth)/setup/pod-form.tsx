"use client";

import { useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Found } from "@/app/_ui/connection-found";
import { PasswordField, TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { ConnectionResult } from "@/lib/pods/connection";
import { addPodAction, testPodAction } from "./actions";
import { Skip } from "./skip";

/** Step two: where the pod is and its key, tested before it is saved, and saved even if the test fails. */
export function PodForm({ skip }: { skip: string }) {
  const form = useRef<HTMLFormElement>(null);
  const [found, setFound] = useState<ConnectionResult | null>(null);
  const test = useFormAction(testPodAction, setFound);
  const save = useFormAction(addPodAction);
  const refusal = save.refusal ?? test.refusal;
  const errorOf = (field: string) => refusal?.fields?.[field];

  function testNow() {
    if (!form.current) return;
    setFound(null);
    test.send(new FormData(form.current));
  }

  return (
    <>
      <form ref={form} method="post" onSubmit={save.onSubmit} noValidate>
        <Refused refusal={refusal} />
        <TextField
          label="Name"
          name="name"
          defaultValue="pod"
          maxLength={64}
          autoComplete="off"
          error={errorOf("name")}
        />
        <TextField
          label="Address"
          name="baseUrl"
          type="url"
          inputMode="url"
          autoComplete="off"
          placeholder="https://abc123-8000.proxy.runpod.net"
          help="Where vLLM answers, with or without /v1."
          error={errorOf("baseUrl")}
          autoFocus
          required
        />
        <PasswordField
          label="Key"
          name="apiKey"
          autoComplete="off"
          help="What vLLM was started with (--api-key). Empty if it asks for none. It is stored encrypted and never shown."
          error={errorOf("apiKey")}
        />
        <div role="status">{found && <Found result={found} />}</div>
        <Button wide busy={test.busy} onClick={testNow}>
          Test connection
        </Button>
        <Button type="submit" tone="primary" wide busy={save.busy}>
          {found && !found.ok ? "Save anyway" : "Save and continue"}
        </Button>
      </form>
      <Skip to="key">{skip}</Skip>
    </>
  );
}
