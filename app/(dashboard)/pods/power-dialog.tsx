"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { CheckField, PasswordField, TextField } from "@/app/_ui/field";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { powerAction } from "./actions";
import type { PodView } from "./read-pods";

/** Sets how a pod is woken and put to sleep. Stored hooks are never shown but for their host. */
export function PowerDialog({ of, onClose }: { of: PodView; onClose: () => void }) {
  const [pod] = useState(of);
  const { startHost = null, stopHost = null, wakeWhenCalled = false, stopAfterMinutes = null } = pod.power ?? {};
  const [wakes, setWakes] = useState(wakeWhenCalled);
  const [forgets, setForgets] = useState(false);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(powerAction, () => {
    showToast(`Wake and sleep of ${pod.name} is set`);
    onClose();
  });
  const kept = (host: string | null) => (host === null ? undefined : `Stored for ${host}. Empty keeps it.`);
  return (
    <Dialog title={`Wake and sleep of ${pod.name}`} narrow onDismiss={onClose}>
      <form onSubmit={onSubmit} noValidate>
        <DialogBody>
          <p>
            Two calls to your provider start and stop the machine. They are stored encrypted and never shown again;
            redirects are not followed.
          </p>
          <div className="rows gap-above">
            <Refused refusal={refusal} />
            <input type="hidden" name="podId" value={pod.id} />
            <TextField
              label="Address that starts it"
              name="startUrl"
              type="url"
              inputMode="url"
              mono
              autoComplete="off"
              spellCheck={false}
              placeholder="https://rest.runpod.io/v1/pods/abc123/start"
              help={kept(startHost)}
              error={errorOf("startUrl")}
              data-focus
            />
            <TextField
              label="Address that stops it"
              name="stopUrl"
              type="url"
              inputMode="url"
              mono
              autoComplete="off"
              spellCheck={false}
              placeholder="https://rest.runpod.io/v1/pods/abc123/stop"
              help={kept(stopHost)}
              error={errorOf("stopUrl")}
            />
            <PasswordField
              label="Authorization"
              name="authorization"
              autoComplete="off"
              placeholder="Bearer …"
              help="The header that goes with the addresses typed above. Each is a POST; other headers, methods and bodies: podpass pod edit --hooks-stdin."
              error={errorOf("authorization")}
            />
            <TextField
              label="Stop after"
              name="stopAfterMinutes"
              unit="idle minutes"
              inputMode="numeric"
              autoComplete="off"
              defaultValue={stopAfterMinutes === null ? "" : String(stopAfterMinutes)}
              placeholder="Never"
              help="Announced here and in the activity some minutes before."
              error={errorOf("stopAfterMinutes")}
            />
            <div>
              <input type="hidden" name="wakeWhenCalled" value={String(wakes)} />
              <CheckField
                label="Wake when called"
                help="A call for a model of it starts it, and waits as long as its waiting room allows."
                checked={wakes}
                onChange={(event) => setWakes(event.target.checked)}
              />
            </div>
            {(startHost !== null || stopHost !== null) && (
              <div>
                <input type="hidden" name="forget" value={String(forgets)} />
                <CheckField
                  label="Forget the stored hooks"
                  help="Then nobody wakes or stops it from here."
                  checked={forgets}
                  onChange={(event) => {
                    setForgets(event.target.checked);
                    if (event.target.checked) setWakes(false);
                  }}
                />
              </div>
            )}
          </div>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            Save
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
