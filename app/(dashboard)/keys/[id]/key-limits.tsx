"use client";

import { useState } from "react";
import { compact, compactRound, exact } from "@/app/_ui/figures";
import { Meter } from "@/app/_ui/meter";
import { longDay } from "@/app/_ui/moments";
import { SectionTitle } from "@/app/_ui/page-head";
import type { EffectiveLimit, LimitName } from "@/lib/keys/limits";
import type { KeysContext } from "../key-facts";
import { LimitsDialog, type OwnLimits } from "./limits-dialog";

/** What is used is this key's; a limit of the member or the role counts their other keys as well. */
const SOURCES = {
  key: "From the key",
  member: "From the member, for all their keys together",
  role: "Role default, for all keys of the member together",
  none: "",
};

type KeyLimitsProps = {
  keyId: string;
  keyName: string;
  effective: Record<LimitName, EffectiveLimit>;
  own: OwnLimits;
  spent: {
    requestsLastMinute: number;
    tokensLastMinute: number;
    inParallel: number;
    tokensThisMonth: number;
    monthEndsAt: Date;
  };
  context: KeysContext;
  /** A key that has ended keeps its limits as they were. */
  canEdit: boolean;
};

/** What holds for a key, how much of it is used, when it refills and where it comes from. */
export function KeyLimits({ keyId, keyName, effective, own, spent, context, canEdit }: KeyLimitsProps) {
  const [editing, setEditing] = useState(false);
  const { rpm, tpm, concurrency, monthlyTokens } = effective;
  const meters = [
    { name: "Requests a minute", limit: rpm, used: spent.requestsLastMinute, help: "in the last minute", short: exact },
    { name: "Tokens a minute", limit: tpm, used: spent.tokensLastMinute, help: "in the last minute", short: exact },
    { name: "In parallel", limit: concurrency, used: spent.inParallel, help: "right now", short: exact },
    {
      name: "Tokens this month",
      limit: monthlyTokens,
      used: spent.tokensThisMonth,
      help: `starts again ${longDay(spent.monthEndsAt, "UTC")}, 00:00 UTC`,
      short: compact,
    },
  ].flatMap(({ limit, ...meter }) =>
    limit.value === null ? [] : [{ ...meter, limit: limit.value, source: limit.source }],
  );
  return (
    <section>
      <SectionTitle
        meta={meters.length > 0 ? "live" : undefined}
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
      {meters.length === 0 ? (
        <p className="muted">Nothing limits this key: neither itself, nor its member, nor the role.</p>
      ) : (
        <div className="limits">
          {meters.map(({ name, used, limit, help, source, short }) => (
            <Meter
              key={name}
              label={name}
              used={used}
              limit={limit}
              words={{ used: short(used), limit: short === compact ? compactRound(limit) : short(limit) }}
              help={`${help.charAt(0).toUpperCase()}${help.slice(1)}. ${SOURCES[source]}`}
            />
          ))}
        </div>
      )}
      {editing && (
        <LimitsDialog
          keyId={keyId}
          keyName={keyName}
          own={own}
          effective={effective}
          models={context.models}
          onClose={() => setEditing(false)}
        />
      )}
    </section>
  );
}
