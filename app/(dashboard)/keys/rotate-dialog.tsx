"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { Cut } from "@/app/_ui/cut";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { inWords } from "@/app/_ui/moments";
import { Refused } from "@/app/_ui/refused";
import { useAnswer } from "@/app/_ui/use-answer";
import { useFormAction } from "@/app/_ui/use-form-action";
import { useZone } from "@/app/_ui/zone";
import { outgoingExpiresAt, parseGrace } from "@/lib/keys/rotation";
import { keyFootprintAction, rotateAction } from "./actions";
import { GraceField, usualGrace } from "./grace-field";
import { IssuedSecret, useAskFirst } from "./issued-secret";
import { currentSecret, type KeyFacts, type KeysContext, lastUse, outgoingSecret } from "./key-facts";

const HOUR_MS = 3_600_000;

type Rotated = Extract<Awaited<ReturnType<typeof rotateAction>>, { ok: true }>["value"];

/** Gives a key a new secret and says until when the old one works and who still uses it; then shows the new one, once. */
export function RotateDialog({ of, context, onClose }: { of: KeyFacts; context: KeysContext; onClose: () => void }) {
  const now = useNow();
  const zone = useZone();
  // What the person saw when they opened it: the page behind may refresh meanwhile.
  const [key] = useState(of);
  const [grace, setGrace] = useState(() => usualGrace(context.policy.maxGraceHours));
  const [rotated, setRotated] = useState<Rotated | null>(null);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(rotateAction, setRotated);
  const { asked, keep, dismiss } = useAskFirst(rotated !== null, onClose);
  const footprint = useAnswer(keyFootprintAction, "keyId", key.id);

  const usedNow = (secret: KeyFacts["secrets"][number] | undefined) =>
    secret && { ...secret, ...footprint?.secrets.find(({ id }) => id === secret.id) };
  const current = usedNow(currentSecret(key));
  const outgoing = usedNow(outgoingSecret(key, now));
  const graceMs = parseGrace(grace);
  const isAllowed = graceMs !== null && graceMs <= context.policy.maxGraceHours * HOUR_MS;
  const endsAt = isAllowed ? outgoingExpiresAt({ rotatedAt: now, graceMs, keyExpiresAt: key.expiresAt }) : null;
  const isOthers = key.member.id !== context.viewer.id;

  return (
    <Dialog
      title={rotated ? `${key.name} is rotated` : `Rotate ${key.name}`}
      narrow={!rotated}
      holdsHistory={rotated !== null}
      onDismiss={dismiss}
    >
      {rotated ? (
        <IssuedSecret
          secret={rotated.secret}
          hint={rotated.hint}
          keyName={key.name}
          memberName={key.member.name}
          expiresAt={key.expiresAt}
          models={rotated.models}
          context={context}
          asked={asked}
          onKeep={keep}
          onClose={onClose}
        />
      ) : (
        <form onSubmit={onSubmit} noValidate>
          <DialogBody>
            <p>
              {isOthers
                ? `This is ${key.member.name}'s key. They need the new secret from you. `
                : "You get a new secret. "}
              The key's name, limits and history stay.
            </p>
            <Refused refusal={refusal} />
            <input type="hidden" name="keyId" value={key.id} />
            {current && <input type="hidden" name="secretId" value={current.id} />}
            <GraceField
              value={grace}
              onChange={setGrace}
              maxGraceHours={context.policy.maxGraceHours}
              keyExpiresAt={key.expiresAt}
              error={errorOf("graceMs")}
            />
            {outgoing && (
              <div className="row top gap-above">
                <Cut hint={outgoing.hint} state="ended" />
                <span className="second">
                  It is rotating already: <code>{outgoing.hint}</code> {lastUse(outgoing, zone, now)} and ends at once.
                </span>
              </div>
            )}
            {current && (
              <div className="row top gap-above">
                <Cut hint={current.hint} />
                <span className="second">
                  <code>{current.hint}</code> {lastUse(current, zone, now)}.{" "}
                  {graceMs === 0 && "Programs that still hold it fail at once."}
                  {graceMs !== 0 &&
                    endsAt &&
                    `Programs that still hold it need the new one before ${inWords(endsAt, zone, now)}.`}
                </span>
              </div>
            )}
          </DialogBody>
          <DialogFoot>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" tone="primary" busy={busy}>
              Rotate key
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
