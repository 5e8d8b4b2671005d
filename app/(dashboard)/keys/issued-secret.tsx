"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { day } from "@/app/_ui/moments";
import { SecretPanel } from "@/app/_ui/secret-panel";
import { useZone } from "@/app/_ui/zone";
import type { KeysContext } from "./key-facts";

type IssuedSecretProps = {
  secret: string;
  hint: string;
  keyName: string;
  memberName: string;
  expiresAt: Date | null;
  /** What the key may ask for; empty: anything. */
  models: readonly string[];
  context: KeysContext;
  /** Somebody wants to leave without having said that it is saved. */
  asked: boolean;
  onKeep: () => void;
  onClose: () => void;
};

/** What a dialog becomes once it has a secret: the pass, and a way out that nobody takes by accident. */
export function IssuedSecret({ asked, onKeep, onClose, context, expiresAt, models, ...issued }: IssuedSecretProps) {
  const zone = useZone();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asked) keep.current?.focus();
  }, [asked]);
  return (
    <>
      <DialogBody>
        <p>Copy the secret now. You won't see it again; if it gets lost, rotate the key.</p>
        <SecretPanel
          {...issued}
          publicUrl={context.publicUrl}
          model={usableModel(context.models, models)}
          ends={expiresAt ? `ends ${day(expiresAt, zone, new Date())}` : "never ends"}
        />
      </DialogBody>
      {asked ? (
        <DialogFoot aside={<span role="alert">Close without having saved it? Nobody can show it again.</span>}>
          <Button ref={keep} onClick={onKeep}>
            Keep it open
          </Button>
          <Button tone="danger" onClick={onClose}>
            Close
          </Button>
        </DialogFoot>
      ) : (
        <DialogFoot aside="Closing forgets the secret.">
          <Button onClick={onClose}>I've saved it</Button>
        </DialogFoot>
      )}
    </>
  );
}

/** Whether a dialog may close at once: not while it shows a secret, then it asks first. */
export function useAskFirst(hasSecret: boolean, close: () => void) {
  const [asked, setAsked] = useState(false);
  return { asked, keep: () => setAsked(false), dismiss: hasSecret ? () => setAsked(true) : close };
}

/** A model that is served now and that the key may ask for, for calls that are to work. */
function usableModel(served: readonly string[], allowed: readonly string[]) {
  return served.find((model) => allowed.length === 0 || allowed.includes(model)) ?? null;
}
