import { CopyButton } from "@/app/_ui/copy-button";
import { exact } from "@/app/_ui/figures";
import { Time } from "@/app/_ui/time";
import type { RequestRow } from "@/lib/usage/requests/queries";
import { errorWords } from "../_words/errors";

const SOURCES = { measured: "measured by the pod", estimated: "estimated", unknown: "unknown" };

/** What is known of one request; never what it said. */
export function RequestDetails({ of: row }: { of: RequestRow }) {
  return (
    <div className="columns columns-even request-details">
      <div>
        <p className="gap-below">{explanation(row)}</p>
        <div className="row wrap">
          <code>{row.requestId}</code>
          <CopyButton text={row.requestId} size="small">
            Copy id
          </CopyButton>
        </div>
      </div>
      <dl className="facts">
        <dt>Time</dt>
        <dd>
          <Time at={row.at} style="exactly" />
        </dd>
        <dt>Secret</dt>
        <dd>
          <code>{row.secretHint}</code>
        </dd>
        <dt>Streamed</dt>
        <dd>{row.streamed ? "yes" : "no"}</dd>
        <dt>Tokens</dt>
        <dd>
          {SOURCES[row.tokenSource]}
          {row.cachedTokens > 0 && `, ${exact(row.cachedTokens)} of the prompt from the cache`}
        </dd>
        <dt>Pod</dt>
        <dd>{row.podName ?? "none was asked"}</dd>
      </dl>
    </div>
  );
}

function explanation({ outcome, errorCode, status }: RequestRow) {
  const words = errorWords(errorCode);
  if (words) {
    return (
      <>
        <b>{errorCode}.</b> {words.meaning} {words.retry ? "A retry can help." : "A retry alone doesn't help."}
      </>
    );
  }
  switch (outcome) {
    case "open":
      return "Still running. Its tokens are what the pod has counted so far.";
    case "completed":
      return `Answered in full${status ? ` with ${status}` : ""}.`;
    case "client_closed":
      return "The client closed the connection. The pod was stopped at once; the tokens up to then are counted.";
    case "lost":
      return "The Podpass process that carried it ended before it could say how it went. What it had written down is shown.";
    default:
      return "It ended without an answer.";
  }
}
