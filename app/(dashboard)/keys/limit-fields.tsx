"use client";

import { TextField } from "@/app/_ui/field";
import type { Limits } from "@/lib/keys/limits";

type LimitFieldsProps = {
  /** What the key has of its own; empty fields fall back to the member's and the role's. */
  own?: Limits & { models: readonly string[]; cidrs: readonly string[]; rotateEveryDays: number | null };
  /** What holds where a field is left empty. */
  fallback?: Partial<Limits>;
  /** The policy's rhythm, which holds where none is asked for. */
  rotateEveryDays: number | null;
  /** What can be asked for now. */
  models: readonly string[];
  errorOf: (field: string) => readonly string[] | undefined;
};

const shown = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
const placeholder = (value: number | null | undefined) =>
  value === null || value === undefined ? "No limit" : `${value.toLocaleString("en-US")}, the default`;

/** What a key may use. Empty means: as the team's policy has it. */
export function LimitFields({ own, fallback, rotateEveryDays, models, errorOf }: LimitFieldsProps) {
  const number = (name: keyof Limits, label: string, help?: string) => (
    <TextField
      label={label}
      name={name}
      inputMode="numeric"
      autoComplete="off"
      defaultValue={shown(own?.[name])}
      placeholder={placeholder(fallback?.[name])}
      help={help}
      error={errorOf(name)}
    />
  );
  return (
    <div className="rows">
      <div className="pairs">
        {number("rpm", "Requests a minute")}
        {number("tpm", "Tokens a minute")}
        {number("concurrency", "In parallel")}
        {number("monthlyTokens", "Tokens a month", "From the 1st, 00:00 UTC. The call that crosses it still finishes.")}
        <TextField
          label="GPU dollars a month"
          name="monthlyUsd"
          unit="USD"
          inputMode="decimal"
          autoComplete="off"
          defaultValue={own?.monthlyMicroUsd ? String(own.monthlyMicroUsd / 1_000_000) : ""}
          help="Its share of the pods' hours; calls beyond it are refused."
          placeholder={fallback?.monthlyMicroUsd ? `${fallback.monthlyMicroUsd / 1_000_000}, the default` : "No limit"}
          error={errorOf("monthlyUsd") ?? errorOf("monthlyMicroUsd")}
        />
        <TextField
          label="Rotate every"
          name="rotateEveryDays"
          unit="days"
          inputMode="numeric"
          autoComplete="off"
          defaultValue={shown(own?.rotateEveryDays)}
          placeholder={rotateEveryDays === null ? "When you want" : `${rotateEveryDays}, by policy`}
          error={errorOf("rotateEveryDays")}
        />
      </div>
      <TextField
        label="Models"
        name="models"
        mono
        autoComplete="off"
        spellCheck={false}
        defaultValue={own?.models.join(", ")}
        placeholder="All"
        help={models.length > 0 ? `Served now: ${models.join(", ")}` : "Names with commas between."}
        error={errorOf("models")}
      />
      <TextField
        label="Networks"
        name="cidrs"
        mono
        autoComplete="off"
        spellCheck={false}
        defaultValue={own?.cidrs.join(", ")}
        placeholder="Anywhere"
        help="Such as 10.0.0.0/8, with commas between. Calls from elsewhere are refused."
        error={errorOf("cidrs")}
      />
    </div>
  );
}
