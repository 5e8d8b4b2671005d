"use client";

import { useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Found } from "@/app/_ui/connection-found";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { CheckField, PasswordField, TextField } from "@/app/_ui/field";
import { ChevronIcon } from "@/app/_ui/icons";
import { Note } from "@/app/_ui/note";
import { Refused } from "@/app/_ui/refused";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { ConnectionResult } from "@/lib/pods/connection";
import { isRunpodProxy } from "@/lib/pods/runpod";
import { addAction, editAction, testAction } from "./actions";
import type { PodView } from "./read-pods";

type PodDialogProps = {
  /** Null: a new one. */
  pod: PodView | null;
  onClose: () => void;
};

const shown = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));

/** Adds or changes a pod. Its connection is tested first, and what the test found keeps nobody from saving. */
export function PodDialog({ pod: of, onClose }: PodDialogProps) {
  const [pod] = useState(of);
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState(pod?.name ?? "");
  const [baseUrl, setBaseUrl] = useState(pod?.baseUrl ?? "");
  const [apiKey, setApiKey] = useState("");
  const [found, setFound] = useState<ConnectionResult | null>(null);
  const done = () => {
    showToast(pod ? `${name} is changed` : `${name} is added. Its first check takes a few seconds.`);
    onClose();
  };
  const add = useFormAction(addAction, done);
  const edit = useFormAction(editAction, done);
  const save = pod ? edit : add;

  // Untested changes of where and how are tested before they are saved; a failed test is shown, and then it is up to them.
  const isConnectionNew = pod === null || baseUrl.trim() !== pod.baseUrl || apiKey !== "";
  const test = useFormAction(testAction, (result: ConnectionResult) => setFound(result));
  const testAndSave = useFormAction(testAction, (result: ConnectionResult) => {
    setFound(result);
    if (result.ok && form.current) save.send(new FormData(form.current));
  });
  const refusal = save.refusal ?? testAndSave.refusal ?? test.refusal;
  const errorOf = (field: string) => refusal?.fields?.[field];
  const dropsKey = pod?.hasKey && baseUrl.trim() !== pod.baseUrl && apiKey === "";
  const changed = () => setFound(null);

  return (
    <Dialog title={pod ? `Edit ${pod.name}` : "Add a pod"} narrow onDismiss={onClose}>
      <form
        ref={form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          if (isConnectionNew && found === null) testAndSave.send(fields);
          else save.send(fields);
        }}
      >
        <DialogBody>
          <div className="rows">
            <Refused refusal={refusal} />
            {pod && <input type="hidden" name="podId" value={pod.id} />}
            <TextField
              label="Name"
              name="name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              maxLength={64}
              autoComplete="off"
              error={errorOf("name")}
              data-focus
            />
            <TextField
              label="Address"
              name="baseUrl"
              type="url"
              inputMode="url"
              mono
              autoComplete="off"
              spellCheck={false}
              value={baseUrl}
              onChange={(event) => {
                setBaseUrl(event.target.value);
                changed();
              }}
              placeholder="https://abc123-8000.proxy.runpod.net"
              help="Where vLLM answers, with or without /v1."
              error={errorOf("baseUrl")}
            />
            <PasswordField
              label="Key"
              name="apiKey"
              autoComplete="off"
              value={apiKey}
              onChange={(event) => {
                setApiKey(event.target.value);
                changed();
              }}
              help={
                pod?.hasKey
                  ? "Empty keeps the stored one. It is never shown."
                  : "What vLLM was started with (--api-key). Empty if it asks for none. Stored encrypted, never shown."
              }
              error={errorOf("apiKey")}
            />
            {dropsKey && (
              <Note tone="warn">
                The stored key belongs to the address before and is not sent to another. Enter it again, or it goes.
              </Note>
            )}
            <div className="row wrap">
              <Button
                busy={test.busy}
                onClick={() => {
                  changed();
                  if (form.current) test.send(new FormData(form.current));
                }}
              >
                Test connection
              </Button>
            </div>
            <div role="status">{found && <Found result={found} />}</div>
          </div>
          <details className="disclosure" open={pod !== null}>
            <summary>
              <ChevronIcon size={12} />
              Price and share <span className="muted">cost, weight, waiting room</span>
            </summary>
            <div className="rows">
              <div className="pairs">
                <TextField
                  label="Price an hour"
                  name="hourlyUsd"
                  unit="USD"
                  inputMode="decimal"
                  autoComplete="off"
                  defaultValue={pod?.hourlyMicroUsd == null ? "" : String(pod.hourlyMicroUsd / 1_000_000)}
                  placeholder="Not set"
                  error={errorOf("hourlyUsd")}
                />
                <TextField
                  label="Most in flight"
                  name="maxInFlight"
                  inputMode="numeric"
                  autoComplete="off"
                  defaultValue={shown(pod?.maxInFlight)}
                  placeholder="No limit"
                  help="More calls wait."
                  error={errorOf("maxInFlight")}
                />
                <TextField
                  label="Weight"
                  name="weight"
                  inputMode="numeric"
                  autoComplete="off"
                  defaultValue={shown(pod?.weight ?? 1)}
                  help="Its share beside other pods."
                  error={errorOf("weight")}
                />
                <TextField
                  label="Waiting room"
                  name="holdSeconds"
                  unit="seconds"
                  inputMode="numeric"
                  autoComplete="off"
                  defaultValue={shown(pod?.holdSeconds)}
                  placeholder="Off"
                  help="Calls wait so long while it loads."
                  error={errorOf("holdSeconds")}
                />
              </div>
              <Switch
                name="behindProxy"
                on={pod ? pod.behindProxyAt !== null : isRunpodProxy(baseUrl)}
                key={pod ? "kept" : String(isRunpodProxy(baseUrl))}
                label="Behind a proxy that gives up after 100 seconds"
                help="RunPod's does. Whole answers are then fetched as streams, so that none is cut off."
              />
              {pod && (
                <>
                  <Switch
                    name="patternsAllowed"
                    on={pod.patternsAllowedAt !== null}
                    label="Allow guided decoding by pattern"
                    help="Costly patterns can stall vLLM for everybody."
                  />
                  <Switch
                    name="remoteMediaForbidden"
                    on={pod.remoteMediaForbiddenAt !== null}
                    label="Refuse pictures and sounds by address"
                    help="Otherwise the pod fetches what a call names."
                  />
                </>
              )}
            </div>
          </details>
        </DialogBody>
        <DialogFoot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={save.busy || testAndSave.busy}>
            {found && !found.ok ? "Save anyway" : pod ? "Save pod" : "Add pod"}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}

type SwitchProps = { name: string; on: boolean; label: string; help: string };

/** A box whose unticked state is sent as well. */
function Switch({ name, on: initially, label, help }: SwitchProps) {
  const [on, setOn] = useState(initially);
  return (
    <div>
      <input type="hidden" name={name} value={String(on)} />
      <CheckField label={label} help={help} checked={on} onChange={(event) => setOn(event.target.checked)} />
    </div>
  );
}
