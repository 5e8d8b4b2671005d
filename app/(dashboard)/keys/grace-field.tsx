"use client";

import { useState } from "react";
import { useNow } from "@/app/_ui/clock";
import { SelectField, TextField } from "@/app/_ui/field";
import { counted } from "@/app/_ui/figures";
import { weekdayAndTime } from "@/app/_ui/moments";
import { useZone } from "@/app/_ui/zone";
import { GRACE_CHOICES, outgoingExpiresAt, parseGrace } from "@/lib/keys/rotation";

const HOUR_MS = 3_600_000;
const NAMES: Record<string, string> = { "15m": "15 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days" };
const UNITS = [
  { unit: "m", name: "minutes" },
  { unit: "h", name: "hours" },
  { unit: "d", name: "days" },
];
const CUSTOM = "custom";

const CHOICES = [...GRACE_CHOICES.filter(({ graceMs }) => graceMs > 0)].sort((a, b) => a.graceMs - b.graceMs);

type GraceFieldProps = {
  /** A duration such as `24h`, as it will be sent. */
  value: string;
  onChange: (value: string) => void;
  maxGraceHours: number;
  keyExpiresAt: Date | null;
  error?: readonly string[] | undefined;
};

/** How long the old secret keeps working, each choice with the date it comes to. What the policy forbids is there and says so. */
export function GraceField({ value, onChange, maxGraceHours, keyExpiresAt, error }: GraceFieldProps) {
  const now = useNow();
  const zone = useZone();
  const [choice, setChoice] = useState(value);
  const [amount, setAmount] = useState("2");
  const [unit, setUnit] = useState("d");
  const maxGraceMs = maxGraceHours * HOUR_MS;
  const most = maxGraceHours % 24 === 0 ? counted(maxGraceHours / 24, "day") : counted(maxGraceHours, "hour");
  const custom = customGrace(amount, unit, maxGraceMs, most);

  function choose(next: string) {
    setChoice(next);
    onChange(next === CUSTOM ? `${amount}${unit}` : next);
  }

  function write(nextAmount: string, nextUnit: string) {
    setAmount(nextAmount);
    setUnit(nextUnit);
    onChange(`${nextAmount.trim()}${nextUnit}`);
  }

  const radio = (name: string) => ({
    type: "radio",
    name: "grace choice",
    value: name,
    checked: name === choice,
    onChange: () => choose(name),
    "data-focus": name === choice || undefined,
  });
  const ends = (graceMs: number) => outgoingExpiresAt({ rotatedAt: now, graceMs, keyExpiresAt });
  const isCut = (graceMs: number) => ends(graceMs).getTime() < now.getTime() + graceMs;

  return (
    <fieldset className="gap-above">
      <legend className="label">The old secret keeps working for</legend>
      <input type="hidden" name="graceMs" value={value} />
      <div className="choices">
        {CHOICES.map(({ value: each, graceMs }) => {
          const isForbidden = graceMs > maxGraceMs;
          return (
            <label key={each} className="choice">
              <input {...radio(each)} disabled={isForbidden} />
              <span>
                <span className="choice-name">{NAMES[each]}</span>
                {isForbidden && <span className="muted">Longer than your team's policy allows</span>}
                {isCut(graceMs) && !isForbidden && <span className="muted">Cut at the key's own end</span>}
              </span>
              <span className="choice-when num">{weekdayAndTime(ends(graceMs), zone)}</span>
            </label>
          );
        })}
        <label className="choice">
          <input {...radio(CUSTOM)} disabled={maxGraceMs === 0} />
          <span>
            <span className="choice-name">Custom</span>
            <span className="muted">Up to {most}, set by your team's policy</span>
          </span>
          {choice === CUSTOM && custom.ms !== null && (
            <span className="choice-when num">{weekdayAndTime(ends(custom.ms), zone)}</span>
          )}
        </label>
        {choice === CUSTOM && (
          <div className="pairs choice-fields">
            <TextField
              label="How long"
              inputMode="numeric"
              autoComplete="off"
              value={amount}
              onChange={(event) => write(event.target.value, unit)}
              error={custom.problem ?? error}
            />
            <SelectField label="Unit" value={unit} onChange={(event) => write(amount, event.target.value)}>
              {UNITS.map((each) => (
                <option key={each.unit} value={each.unit}>
                  {each.name}
                </option>
              ))}
            </SelectField>
          </div>
        )}
        <label className="choice">
          <input {...radio("0s")} />
          <span>
            <span className="choice-name">Stop now: it leaked</span>
            <span className="muted">Calls with it fail within 5 seconds</span>
          </span>
          <span className="choice-when num">now</span>
        </label>
      </div>
    </fieldset>
  );
}

/** What was typed, in ms; or why it can't be. */
function customGrace(amount: string, unit: string, maxGraceMs: number, most: string) {
  const ms = /^[1-9]\d{0,5}$/.test(amount.trim()) ? parseGrace(`${amount.trim()}${unit}`) : null;
  if (ms === null) return { ms: null, problem: "Use a whole number from 1 on." };
  if (ms > maxGraceMs) return { ms: null, problem: `Your team's policy allows at most ${most}.` };
  return { ms, problem: null };
}

/** A day, or as much as the policy allows. */
export function usualGrace(maxGraceHours: number): string {
  const allowed = CHOICES.filter(({ graceMs }) => graceMs <= Math.min(24, maxGraceHours) * HOUR_MS);
  return allowed.at(-1)?.value ?? "0s";
}
