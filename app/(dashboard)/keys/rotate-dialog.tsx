"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { Cut } from "@/app/_ui/cut";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { ago, inWords, weekdayAndTime } from "@/app/_ui/moments";
import { Refused } from "@/app/_ui/refused";
import { useFormAction } from "@/app/_ui/use-form-action";
import { useZone } from "@/app/_ui/zone";
import { GRACE_CHOICES, outgoingExpiresAt } from "@/lib/keys/rotation";
import { rotateAction } from "./actions";
import { IssuedSecret, useAskFirst } from "./issued-secret";
import { currentSecret, type KeyFacts, type KeysContext, outgoingSecret } from "./key-facts";

const HOUR_MS = 3_600_000;
const NAMES: Record<string, string> = { "15m": "15 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days" };

type Rotated = Extract<Awaited<ReturnType<typeof rotateAction>>, { ok: true }>["value"];

/** Gives a key a new secret and says until when the old one works; then shows the new one, once. */
export function RotateDialog({ of, context, onClose }: { of: KeyFacts; context: KeysContext; onClose: () => void }) {
  const now = useNow();
  const zone = useZone();
  // What the person saw when they opened it: the page behind may refresh meanwhile.
  const [key] = useState(of);
  const [grace, setGrace] = useState("24h");
  const [rotated, setRotated] = useState<Rotated | null>(null);
  const { onSubmit, busy, refusal } = useFormAction(rotateAction, setRotated);
  const { asked, keep, dismiss } = useAskFirst(rotated !== null, onClose);

  const current = currentSecret(key);
  const outgoing = outgoingSecret(key, now);
  const maxGraceMs = context.policy.maxGraceHours * HOUR_MS;
  const endOf = (graceMs: number) => outgoingExpiresAt({ rotatedAt: now, graceMs, keyExpiresAt: key.expiresAt });
  const chosen = GRACE_CHOICES.find(({ value }) => value === grace);
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
          context={context}
          asked={asked}
          onKeep={keep}
          onClose={onClose}
        />
      ) : (
        <form onSubmit={onSubmit}>
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
            <fieldset className="gap-above">
              <legend className="label">The old secret keeps working for</legend>
              <div className="choices">
                {GRACE_CHOICES.toSorted((a, b) => (a.graceMs || Infinity) - (b.graceMs || Infinity)).map(
                  ({ value, graceMs }) => {
                    const isForbidden = graceMs > maxGraceMs;
                    const endsAt = endOf(graceMs);
                    const isCut = graceMs > 0 && endsAt.getTime() < now.getTime() + graceMs;
                    return (
                      <label key={value} className="choice">
                        <input
                          type="radio"
                          name="graceMs"
                          value={value}
                          checked={value === grace}
                          disabled={isForbidden}
                          onChange={() => setGrace(value)}
                          data-focus={value === grace || undefined}
                        />
                        <span>
                          <span className="choice-name">{NAMES[value] ?? "Stop now: it leaked"}</span>
                          {graceMs === 0 && <span className="muted">Calls with it fail within 5 seconds</span>}
                          {isForbidden && <span className="muted">Longer than your team's policy allows</span>}
                          {isCut && !isForbidden && <span className="muted">Cut at the key's own end</span>}
                        </span>
                        <span className="choice-when num">{graceMs === 0 ? "now" : weekdayAndTime(endsAt, zone)}</span>
                      </label>
                    );
                  },
                )}
              </div>
            </fieldset>
            {outgoing && (
              <p className="gap-above">
                It is rotating already: <code>{outgoing.hint}</code> ends at once.
              </p>
            )}
            {current && (
              <div className="row top gap-above">
                <Cut hint={current.hint} />
                <span className="second">
                  <code>{current.hint}</code> {lastUse(current, zone, now)}{" "}
                  {chosen && chosen.graceMs > 0
                    ? `Programs that still hold it need the new one before ${inWords(endOf(chosen.graceMs), zone, now)}.`
                    : "Programs that still hold it fail at once."}
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

type Used = { lastUsedAt: Date | null; lastUsedIp: string | null };

function lastUse({ lastUsedAt, lastUsedIp }: Used, zone: string, now: Date) {
  if (!lastUsedAt) return "was never used.";
  return `was last used ${ago(lastUsedAt, zone, now)}${lastUsedIp ? ` from ${lastUsedIp}` : ""}.`;
}
