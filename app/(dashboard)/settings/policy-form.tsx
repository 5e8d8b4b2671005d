"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { CheckField, TextField } from "@/app/_ui/field";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import type { Policy } from "@/lib/policy/queries";
import { LIMIT_FIELDS, shownLimit } from "../_words/limits";
import { ROLES } from "../_words/roles";
import { policyAction, policyEffectAction } from "./actions";
import { effectsOf, type Wanted } from "./policy-effects";
import { WeightFields } from "./weight-fields";

const shown = (value: number | null) => (value === null ? "" : String(value));

/** The team's rules. What a change means for what exists already is said before it is saved. */
export function PolicyForm({ policy }: { policy: Policy }) {
  const [asked, setAsked] = useState<{ form: FormData; effects: string[] } | null>(null);
  const [pending, setPending] = useState<FormData | null>(null);
  const [strict, setStrict] = useState(policy.strictFields);
  const save = useFormAction(policyAction, () => {
    setAsked(null);
    showToast("The policy is saved");
  });
  const { refusal, errorOf } = save;

  async function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (pending) return;
    const form = new FormData(event.currentTarget);
    setPending(form);
    const answer = await policyEffectAction(null, form).catch(() => null);
    setPending(null);
    const effects = answer?.ok ? effectsOf(policy, wantedOf(form, policy), answer.value.keysBeyond) : [];
    // What is refused here is refused on saving as well, with its words beside the fields.
    if (effects.length === 0) save.send(form);
    else setAsked({ form, effects });
  }

  const number = (name: "maxKeyDays" | "defaultKeyDays" | "rotateEveryDays", label: string, help: string) => (
    <TextField
      label={label}
      name={name}
      unit="days"
      inputMode="numeric"
      autoComplete="off"
      defaultValue={shown(policy[name])}
      placeholder="No limit"
      help={help}
      error={errorOf(name)}
    />
  );
  const needed = (
    name: "maxGraceHours" | "maxKeysPerMember" | "eventRetentionDays",
    label: string,
    unit: string,
    help: string,
  ) => (
    <TextField
      label={label}
      name={name}
      unit={unit}
      inputMode="numeric"
      autoComplete="off"
      defaultValue={String(policy[name])}
      help={help}
      error={errorOf(name)}
    />
  );

  return (
    <section className="gap-above-lg">
      <SectionTitle
        meta={
          <>
            holds for everybody, last changed <Time at={policy.updatedAt} />
          </>
        }
      >
        Policy
      </SectionTitle>
      <form method="post" className="rows" onSubmit={onSubmit} noValidate>
        <Refused refusal={asked ? null : refusal} />
        <div className="triples">
          {number("maxKeyDays", "Longest life of a key", "Empty: keys may live for ever.")}
          {number("defaultKeyDays", "Life of a new key", "What the form starts with.")}
          {number("rotateEveryDays", "Rotate every", "Keys that are due say so. Empty: never.")}
          {needed("maxGraceHours", "Longest grace period", "hours", "How long an old secret may keep working.")}
          {needed("maxKeysPerMember", "Keys a member", "live", "More are refused until one ends.")}
          {needed("eventRetentionDays", "Requests are kept", "days", "Totals remain for good.")}
        </div>
        <TextField
          label="E-mail domains"
          name="emailDomains"
          autoComplete="off"
          spellCheck={false}
          defaultValue={policy.emailDomains.join(", ")}
          placeholder="Any may be invited"
          help="With commas between. Only these can be invited or sign in through a provider."
          error={errorOf("emailDomains")}
        />
        <fieldset>
          <legend className="label">Limits of each member, by role</legend>
          <table className="entries limit-grid">
            <thead>
              <tr>
                <th>Role</th>
                {LIMIT_FIELDS.map(({ field, label, unit }) => (
                  <th key={field}>
                    {label}
                    {unit && `, ${unit}`}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ROLES.map(({ role, name }) => (
                <tr key={role}>
                  <th scope="row">{name}</th>
                  {LIMIT_FIELDS.map(({ limit, field, label, unit }) => (
                    <td key={field} data-label={label} className="whole">
                      <LimitField
                        name={`${role}.${field}`}
                        label={`${label}, ${name}`}
                        value={shownLimit(limit, policy.roleLimits[role][limit])}
                        isMoney={unit !== undefined}
                        error={errorOf(`${role}.${field}`)?.[0]}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <p className="help">
            They hold for all keys of a member together. An empty field is no limit. A key or a member may have figures
            of their own.
          </p>
        </fieldset>
        <WeightFields policy={policy} errorOf={errorOf} />
        <input type="hidden" name="strictFields" value={strict ? "on" : "off"} />
        <CheckField
          label="Refuse request fields that Podpass doesn't know"
          help="Otherwise they are passed on to vLLM as they are."
          checked={strict}
          onChange={(event) => setStrict(event.target.checked)}
        />
        <div>
          <Button type="submit" tone="primary" busy={pending !== null || save.busy}>
            Save policy
          </Button>
        </div>
      </form>
      {asked && (
        <Dialog title="Save the policy" narrow onDismiss={() => setAsked(null)}>
          <DialogBody>
            <Refused refusal={refusal} />
            <ul className="rows">
              {asked.effects.map((effect) => (
                <li key={effect} className="prose">
                  {effect}
                </li>
              ))}
            </ul>
          </DialogBody>
          <DialogFoot>
            <Button onClick={() => setAsked(null)} data-focus>
              Cancel
            </Button>
            <Button tone="primary" busy={save.busy} onClick={() => save.send(asked.form)}>
              Save policy
            </Button>
          </DialogFoot>
        </Dialog>
      )}
    </section>
  );
}

type LimitFieldProps = { name: string; label: string; value: string; isMoney: boolean; error?: string | undefined };

function LimitField({ name, label, value, isMoney, error }: LimitFieldProps) {
  return (
    <>
      <span className="field field-small">
        <input
          name={name}
          aria-label={label}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${name}-error` : undefined}
          inputMode={isMoney ? "decimal" : "numeric"}
          autoComplete="off"
          defaultValue={value}
          placeholder="No limit"
        />
      </span>
      {error && (
        <span className="field-error" id={`${name}-error`}>
          {error}
        </span>
      )}
    </>
  );
}

/** What the form asks for, as far as it bears on what exists. What can't be read is for the server to refuse. */
function wantedOf(form: FormData, policy: Policy): Wanted {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const whole = (name: string) => (/^\d+$/.test(text(name)) ? Number(text(name)) : null);
  const limitsChanged = ROLES.some(({ role }) =>
    LIMIT_FIELDS.some(
      ({ limit, field }) => text(`${role}.${field}`) !== shownLimit(limit, policy.roleLimits[role][limit]),
    ),
  );
  return {
    maxKeyDays: whole("maxKeyDays"),
    maxKeysPerMember: whole("maxKeysPerMember"),
    eventRetentionDays: whole("eventRetentionDays"),
    emailDomains: text("emailDomains"),
    limitsChanged,
  };
}
