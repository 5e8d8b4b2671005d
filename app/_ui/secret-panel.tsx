"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Cut } from "./cut";
import { duration, exact } from "./figures";
import { SnippetTabs } from "./snippet-tabs";
import { Status } from "./status";
import { sendTestRequest, type TestOutcome } from "./test-request";

type SecretPanelProps = {
  /** Lives in this component's props and nowhere else: not in an address, storage or a server-rendered refresh. */
  secret: string;
  hint: string;
  keyName: string;
  memberName?: string;
  /** "ends 22 Dec", "never ends": written by who knows the zone. */
  ends: ReactNode;
  publicUrl: string;
  /** A model a pod serves now, or null. */
  model: string | null;
};

/** The one place a secret is shown: the pass around it, calls that work, and a request to prove them. */
export function SecretPanel({ secret, hint, keyName, memberName, ends, publicUrl, model }: SecretPanelProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  // The form that stood here had the focus; the secret takes it, selected.
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <div className="pass">
        <div className="pass-body">
          <label className="pass-caption" htmlFor="new-secret">
            New secret
          </label>
          <textarea
            id="new-secret"
            ref={field}
            className="secret"
            readOnly
            rows={2}
            value={secret}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="none"
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton text={secret} source={field} tone="primary">
            Copy secret
          </CopyButton>
        </div>
        <div className="pass-stub">
          <Cut hint={hint} state="fresh" width={64} />
          <div className="pass-caption">
            {memberName ? `${memberName}, ${keyName}` : keyName}
            <br />
            {ends}
          </div>
        </div>
      </div>
      <SnippetTabs publicUrl={publicUrl} model={model} secret={secret} />
      <TestRequest secret={secret} model={model} />
    </>
  );
}

function TestRequest({ secret, model }: { secret: string; model: string | null }) {
  const [outcome, setOutcome] = useState<TestOutcome | null>(null);
  const [busy, setBusy] = useState(false);

  async function send() {
    if (!model) return;
    setBusy(true);
    setOutcome(await sendTestRequest(secret, model));
    setBusy(false);
  }

  return (
    <div className="row wrap test-request">
      <Button onClick={send} busy={busy} disabled={!model}>
        Send a test request
      </Button>
      <span role="status">
        {!model && <span className="muted">No pod serves a model right now.</span>}
        {!busy && outcome?.ok && (
          <Status
            tone="ok"
            glyph="disc"
            detail={`${outcome.model}, ${exact(outcome.promptTokens)} + ${exact(outcome.completionTokens)} tokens`}
          >
            {outcome.status} in {duration(outcome.tookMs)}
          </Status>
        )}
        {!busy && outcome && !outcome.ok && (
          <span className="test-refusal">
            <Status tone="danger" glyph="cross">
              {outcome.status ? `${outcome.status} in ${duration(outcome.tookMs)}` : "No answer"}
            </Status>
            <span className="second">{outcome.message}</span>
          </span>
        )}
      </span>
    </div>
  );
}
