"use client";

import { type ComponentProps, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { IconButton } from "./button";
import { EyeIcon, EyeOffIcon } from "./icons";
import { StatusGlyph } from "./status-glyph";

type Words = {
  label: ReactNode;
  /** One line below the control; the error takes its place beside it, not instead of it. */
  help?: ReactNode;
  /** What is wrong with this field, or the list an action returned for it. */
  error?: string | readonly string[] | null;
  /** The error is the form's only answer: it is read out where it appears. */
  announced?: boolean;
};

const first = (error: Words["error"]) => (typeof error === "string" ? error : error?.[0]);

/** Label, control, help and error, tied together for assistive technology. `children` gets the attributes to spread. */
export function Field({
  label,
  help,
  error,
  announced,
  children,
}: Words & { children: (control: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode }) {
  const id = useId();
  const message = first(error);
  const described = [message && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ");
  return (
    <div>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": message ? true : undefined })}
      {message && (
        <p className="field-error" id={`${id}-error`} role={announced ? "alert" : undefined}>
          <StatusGlyph glyph="cross" />
          {message}
        </p>
      )}
      {help && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

type TextFieldProps = Words & Omit<ComponentProps<"input">, "id"> & { unit?: ReactNode; mono?: boolean };

/** One line of text, with a unit behind it where it has one. */
export function TextField({ label, help, error, unit, mono, ...input }: TextFieldProps) {
  return (
    <Field label={label} help={help} error={error}>
      {(control) => (
        <span className="field">
          <input type="text" {...input} {...control} className={mono ? "mono" : undefined} />
          {unit && <span className="unit">{unit}</span>}
        </span>
      )}
    </Field>
  );
}

/** A password with a switch to show it. Pasting and password managers work; nothing is typed twice. */
export function PasswordField({ label, help, error, announced, ...input }: TextFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} help={help} error={error} announced={announced}>
      {(control) => (
        <span className="field">
          <input {...input} {...control} type={shown ? "text" : "password"} spellCheck={false} autoCapitalize="none" />
          <IconButton
            label={shown ? "Hide password" : "Show password"}
            className="field-end"
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOffIcon /> : <EyeIcon />}
          </IconButton>
        </span>
      )}
    </Field>
  );
}

/** The platform's own select in the product's clothes: right on phones and with any screen reader. */
export function SelectField({ label, help, error, children, ...select }: Words & Omit<ComponentProps<"select">, "id">) {
  return (
    <Field label={label} help={help} error={error}>
      {(control) => (
        <span className="field field-select">
          <select {...select} {...control}>
            {children}
          </select>
        </span>
      )}
    </Field>
  );
}

/** A box to tick, with its help below the words. */
export function CheckField({ label, help, ...input }: Words & Omit<ComponentProps<"input">, "id">) {
  const id = useId();
  return (
    <label className="check" htmlFor={id}>
      <input {...input} id={id} type="checkbox" aria-describedby={help ? `${id}-help` : undefined} />
      <span>
        {label}
        {help && (
          <span className="help-small" id={`${id}-help`}>
            {help}
          </span>
        )}
      </span>
    </label>
  );
}

/** What a form answered as a whole. It takes the focus when it appears, so nobody misses it. */
export function FormError({ children }: { children: ReactNode }) {
  const note = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a second refusal with other words takes the focus again
  useEffect(() => note.current?.focus(), [children]);
  if (!children) return null;
  return (
    <div ref={note} className="note note-danger" role="alert" tabIndex={-1}>
      <StatusGlyph glyph="cross" size={14} />
      <span className="grow">{children}</span>
    </div>
  );
}
