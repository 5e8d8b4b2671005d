"use client";

import { useState } from "react";
import { useNow } from "@/app/_ui/clock";
import { compact, compactRound, exact, money } from "@/app/_ui/figures";
import { Meter } from "@/app/_ui/meter";
import { left, longDay } from "@/app/_ui/moments";
import { SectionTitle } from "@/app/_ui/page-head";
import type { EffectiveLimit, LimitName } from "@/lib/keys/limits";
import type { KeysContext } from "../key-facts";
import { LimitsDialog, type OwnLimits } from "./limits-dialog";
import type { LiveMeter, LiveUse } from "./live-use";
import { useLiveUse } from "./use-live-use";

const NAMES = {
  rpm: { label: "Requests a minute", unit: "requests this minute" },
  tpm: { label: "Tokens a minute", unit: "tokens this minute" },
  concurrency: { label: "In parallel", unit: "requests at once" },
  monthlyTokens: { label: "Tokens a month", unit: "tokens this month" },
  monthlyMicroUsd: { label: "GPU dollars a month", unit: "this month" },
} as const;

type KeyLimitsProps = {
  keyId: string;
  keyName: string;
  effective: Record<LimitName, EffectiveLimit>;
  own: OwnLimits;
  dates: { createdAt: Date; expiresAt: Date | null };
  use: LiveUse;
  context: KeysContext;
  /** Whose keys are counted together, as a sentence says it: "your", "Ada's". */
  whose: string;
  /** A key that has ended keeps its limits as they were. */
  canEdit: boolean;
};

/** What holds for a key, how much of it is used right now and by whom, when it refills and where it comes from. */
export function KeyLimits({
  keyId,
  keyName,
  effective,
  own,
  dates,
  use: first,
  context,
  whose,
  canEdit,
}: KeyLimitsProps) {
  const [editing, setEditing] = useState(false);
  const { use, isLive } = useLiveUse(keyId, first);
  const now = useNow();
  const meta = !isLive ? "not live: Podpass does not answer" : use.isEstimate ? "estimated from its requests" : "live";
  return (
    <section>
      <SectionTitle
        meta={use.meters.length > 0 ? meta : undefined}
        end={
          canEdit && (
            <button type="button" className="link-button" onClick={() => setEditing(true)}>
              Edit limits
            </button>
          )
        }
      >
        Limits
      </SectionTitle>
      {use.meters.length === 0 ? (
        <p className="muted">Nothing limits this key: neither itself, nor its member, nor the role.</p>
      ) : (
        <div className="limits">
          {use.meters.map((meter) => {
            const { label, unit } = NAMES[meter.limit];
            return (
              <Meter
                key={`${meter.whose} ${meter.limit}`}
                label={label}
                used={meter.used}
                limit={meter.most}
                words={wordsOf(meter)}
                unit={unit}
                help={helpOf(meter, use, whose, now)}
              />
            );
          })}
        </div>
      )}
      {editing && (
        <LimitsDialog
          keyId={keyId}
          keyName={keyName}
          own={own}
          effective={effective}
          dates={dates}
          context={context}
          onClose={() => setEditing(false)}
        />
      )}
    </section>
  );
}

function wordsOf({ limit, used, most }: LiveMeter) {
  if (limit === "monthlyMicroUsd") return { used: money(used), limit: money(most) };
  if (limit === "monthlyTokens") return { used: compact(used), limit: compactRound(most) };
  return { used: exact(used), limit: exact(most) };
}

const SOURCES = { key: "Set on the key", member: "Set on the member", role: "Default of the role" };

/** Who is counted, when it refills, where it comes from. */
function helpOf({ limit, whose: counted, source, emptyAt }: LiveMeter, use: LiveUse, whose: string, now: Date) {
  const who = counted === "key" ? "" : `All of ${whose} keys together. `;
  const wait = emptyAt === null ? 0 : emptyAt.getTime() - now.getTime();
  const refill =
    limit === "monthlyTokens" || limit === "monthlyMicroUsd"
      ? `Starts again ${longDay(use.monthEndsAt, "UTC")}, 00:00 UTC. `
      : wait > 0
        ? `Full again in ${left(wait)}. `
        : "";
  return `${who}${refill}${SOURCES[source]}.`;
}
