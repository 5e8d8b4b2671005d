"use client";

import { useState } from "react";
import { useNow } from "@/app/_ui/clock";
import { SelectField, TextField } from "@/app/_ui/field";
import { fully, isoDay, momentOf } from "@/app/_ui/moments";
import { useZone } from "@/app/_ui/zone";
import type { KeysContext } from "./key-facts";

const DAY_MS = 86_400_000;
const KEEP = "keep";
const LIVES = [
  { days: 7, name: "7 days" },
  { days: 30, name: "30 days" },
  { days: 60, name: "60 days" },
  { days: 90, name: "90 days" },
  { days: 365, name: "1 year" },
];

type ExpiryFieldProps = {
  policy: KeysContext["policy"];
  error?: readonly string[] | undefined;
  /** A key that exists keeps its end unless another one is chosen; the policy counts its life from its making. */
  current?: { createdAt: Date; expiresAt: Date | null };
};

/** When a key ends, always with the resulting date in words. What the policy forbids is there, disabled, and says so. */
export function ExpiryField({ policy, error, current }: ExpiryFieldProps) {
  const now = useNow();
  const zone = useZone();
  const { maxKeyDays } = policy;
  const agedMs = current ? now.getTime() - current.createdAt.getTime() : 0;
  const allowed = (days: number) => maxKeyDays === null || days * DAY_MS + agedMs <= maxKeyDays * DAY_MS;
  const usual = Math.min(policy.defaultKeyDays ?? 30, maxKeyDays ?? Number.POSITIVE_INFINITY);
  const lives = LIVES.some(({ days }) => days === usual) ? LIVES : [...LIVES, { days: usual, name: `${usual} days` }];
  const [choice, setChoice] = useState(current ? KEEP : `${usual}d`);
  const [date, setDate] = useState(() => isoDay(new Date(now.getTime() + usual * DAY_MS), zone));

  const days = /^(\d+)d$/.exec(choice)?.[1];
  // A chosen day counts whole: the key ends with it, on the member's own clock.
  const endOfDate = momentOf(date, "23:59:59", zone);
  const isKept = choice === KEEP && current !== undefined;
  const endsAt = isKept
    ? current.expiresAt
    : days
      ? new Date(now.getTime() + Number(days) * DAY_MS)
      : choice === "date"
        ? endOfDate
        : null;
  const sent = choice === "date" ? (endOfDate?.toISOString() ?? "no date") : choice;
  const limit =
    maxKeyDays === null
      ? ""
      : ` Up to ${maxKeyDays} days${current ? " from its making" : ""}, set by your team's policy.`;
  const words = endsAt ? `Ends ${fully(endsAt, zone)}.` : "It works until somebody revokes it.";
  return (
    <>
      {!isKept && <input type="hidden" name="expires" value={sent} />}
      <SelectField
        label="Expires"
        value={choice}
        onChange={(event) => setChoice(event.target.value)}
        help={`${choice === "date" && !endsAt ? "Choose a date." : words}${limit}`}
        error={choice === "date" ? null : error}
      >
        {current && <option value={KEEP}>As it is</option>}
        {lives
          .toSorted((a, b) => a.days - b.days)
          .map(({ days: life, name }) => (
            <option key={life} value={`${life}d`} disabled={!allowed(life)}>
              {allowed(life) ? name : `${name}, longer than your team's policy`}
            </option>
          ))}
        <option value="date">On a date</option>
        <option value="never" disabled={maxKeyDays !== null}>
          {maxKeyDays === null ? "Never" : "Never, not allowed by your team's policy"}
        </option>
      </SelectField>
      {choice === "date" && (
        <TextField
          label="Date"
          type="date"
          value={date}
          min={isoDay(now, zone)}
          onChange={(event) => setDate(event.target.value)}
          error={error}
        />
      )}
    </>
  );
}
