"use client";

import { useRef } from "react";
import { Button } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { CopyButton } from "@/app/_ui/copy-button";
import { DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { Field } from "@/app/_ui/field";
import { left } from "@/app/_ui/moments";
import { Note } from "@/app/_ui/note";
import { Time } from "@/app/_ui/time";
import type { MailResult } from "@/lib/mail/send";

type MadeLinkProps = {
  label: string;
  link: string;
  expiresAt: Date;
  /** Null: no mail was sent. */
  mail: MailResult | null;
  to: string | null;
  onClose: () => void;
};

/** A fresh link to hand over: shown this once, because only its hash is kept. What became of the mail is said in full. */
export function MadeLink({ label, link, expiresAt, mail, to, onClose }: MadeLinkProps) {
  const field = useRef<HTMLInputElement>(null);
  const now = useNow();
  return (
    <>
      <DialogBody>
        <p>
          {mail?.sent ? `A mail with this link is on its way to ${to}. ` : `Send this link to ${to ?? "them"}. `}
          It works once and is shown only now; you can always make a new one.
        </p>
        <div className="gap-above">
          <Field
            label={label}
            help={
              <>
                Ends <Time at={expiresAt} style="weekdayAndTime" />, in {left(expiresAt.getTime() - now.getTime())}.
              </>
            }
          >
            {(control) => (
              <span className="row">
                <span className="field grow">
                  <input
                    {...control}
                    ref={field}
                    className="mono"
                    readOnly
                    value={link}
                    onFocus={(event) => event.target.select()}
                    data-focus
                  />
                </span>
                <CopyButton text={link} source={field} tone="primary">
                  Copy link
                </CopyButton>
              </span>
            )}
          </Field>
        </div>
        {mail && !mail.sent && (
          <div className="gap-above">
            <Note tone="warn" role="alert">
              The mail to {to} was not taken: <code className="anywhere">{mail.error}</code>. The link above works all
              the same.
            </Note>
          </div>
        )}
      </DialogBody>
      <DialogFoot>
        <Button onClick={onClose}>Done</Button>
      </DialogFoot>
    </>
  );
}
