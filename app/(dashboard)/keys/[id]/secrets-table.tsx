"use client";

import { useRouter } from "next/navigation";
import { Button } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { Cut } from "@/app/_ui/cut";
import { inWords, left } from "@/app/_ui/moments";
import { Refused } from "@/app/_ui/refused";
import { Status } from "@/app/_ui/status";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import { useZone } from "@/app/_ui/zone";
import { isLive } from "@/lib/keys/status";
import { endOutgoingAction } from "../actions";
import { currentSecret, type KeyFacts, lastUse, outgoingSecret } from "../key-facts";

/** A key's secrets: the current one, and during a rotation the outgoing one with its countdown. */
export function SecretsTable({ of: key }: { of: KeyFacts }) {
  const now = useNow();
  const router = useRouter();
  const { send, busy, refusal } = useFormAction(endOutgoingAction, () => {
    showToast("The old secret has ended");
    router.refresh();
  });
  const works = isLive(key, now);
  return (
    <section>
      <Refused refusal={refusal} />
      <table className="entries">
        <thead>
          <tr>
            <th>Secret</th>
            <th>State</th>
            <th>Last used</th>
            <th>From</th>
            <th className="low-rank">Created</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {key.secrets.map((secret) => {
            const isEnded =
              !works || secret.revokedAt !== null || (secret.expiresAt !== null && secret.expiresAt <= now);
            const isOutgoing = !isEnded && secret.expiresAt !== null;
            return (
              <tr key={secret.id} className={isEnded ? "row-ended" : undefined}>
                <th scope="row">
                  <span className="row">
                    <Cut hint={secret.hint} state={isEnded || isOutgoing ? "ended" : "live"} />
                    <code>{secret.hint}</code>
                  </span>
                </th>
                <td className="at-end">
                  {isEnded ? (
                    <Status tone="idle" glyph="ring">
                      Ended
                    </Status>
                  ) : isOutgoing && secret.expiresAt ? (
                    <Status
                      tone="info"
                      glyph="half"
                      detail={`${left(secret.expiresAt.getTime() - now.getTime())} left`}
                    >
                      Outgoing
                    </Status>
                  ) : (
                    <Status tone="ok" glyph="disc">
                      Current
                    </Status>
                  )}
                </td>
                <td data-label="Used">{secret.lastUsedAt ? <Time at={secret.lastUsedAt} /> : "Never"}</td>
                <td className="at-end">{secret.lastUsedIp ? <code>{secret.lastUsedIp}</code> : "–"}</td>
                <td className="no-phone low-rank">
                  <Time at={secret.createdAt} style="agoWithTime" />
                </td>
                <td className={isOutgoing ? "right whole" : "no-phone"}>
                  {isOutgoing && (
                    <Button
                      size="small"
                      busy={busy}
                      onClick={() => send(formOf({ keyId: key.id, secretId: secret.id }))}
                    >
                      End the old secret now
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {works && <OutgoingUse of={key} now={now} />}
    </section>
  );
}

/** Whether anybody still needs the outgoing secret: what one wants to know before ending it. */
function OutgoingUse({ of: key, now }: { of: KeyFacts; now: Date }) {
  const zone = useZone();
  const outgoing = outgoingSecret(key, now);
  const rotatedAt = currentSecret(key)?.createdAt;
  if (!outgoing?.expiresAt || !rotatedAt) return null;
  const isStillUsed = outgoing.lastUsedAt !== null && outgoing.lastUsedAt > rotatedAt;
  return (
    <p className="second gap-above">
      {isStillUsed
        ? `The old secret is still in use: it ${lastUse(outgoing, zone, now)}. Whatever holds it needs the new one before ${inWords(outgoing.expiresAt, zone, now)}.`
        : "Nobody has used the old secret since the rotation."}
    </p>
  );
}
