"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Status } from "@/app/_ui/status";
import { useFormAction } from "@/app/_ui/use-form-action";
import { testMailAction } from "./actions";
import type { FixedValue } from "./fixed-values";

type Answer = Extract<Awaited<ReturnType<typeof testMailAction>>, { ok: true }>["value"];

/** What only whoever runs Podpass can change, and a mail to see whether that part works. */
export function FixedList({ values, sendsMail }: { values: readonly FixedValue[]; sendsMail: boolean }) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const test = useFormAction(testMailAction, setAnswer);
  return (
    <section className="gap-above-lg">
      <SectionTitle meta="set by environment variables, where Podpass runs">Fixed at the start</SectionTitle>
      <dl className="facts facts-wide">
        {values.map(({ name, value }) => (
          <div key={name} className="fact">
            <dt>
              <code>{name}</code>
            </dt>
            <dd className={value === null ? "muted" : undefined}>{value ?? "not set"}</dd>
          </div>
        ))}
      </dl>
      {sendsMail && (
        <div className="gap-above">
          <Refused refusal={test.refusal} />
          <div className="row wrap">
            <Button
              busy={test.busy}
              onClick={() => {
                setAnswer(null);
                test.send(new FormData());
              }}
            >
              Send me a test mail
            </Button>
            <div role="status">
              {answer?.mail.sent && (
                <Status tone="ok" glyph="disc">
                  The mail server took a mail to {answer.to}
                </Status>
              )}
              {answer && !answer.mail.sent && (
                <Status tone="danger" glyph="cross">
                  Not sent: <code className="anywhere">{answer.mail.error}</code>
                </Status>
              )}
            </div>
          </div>
        </div>
      )}
    </section>
  );
}
