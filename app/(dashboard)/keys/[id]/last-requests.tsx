import { duration, exact } from "@/app/_ui/figures";
import { Time } from "@/app/_ui/time";
import type { RequestRow } from "@/lib/usage/requests/queries";
import { OutcomeStatus } from "../../_words/outcome-status";

/** A key's newest requests, without what they said: that is never stored. */
export function LastRequests({ rows }: { rows: readonly RequestRow[] }) {
  if (rows.length === 0) return <p className="muted">No requests yet.</p>;
  return (
    <table className="dense entries">
      <thead>
        <tr>
          <th>Time</th>
          <th>Route</th>
          <th>Outcome</th>
          <th className="right">Tokens in</th>
          <th className="right">out</th>
          <th className="right">First token</th>
          <th className="right">Took</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const isCounted = row.tokenSource !== "unknown" || row.outcome === "open";
          return (
            <tr key={row.requestId}>
              <td>
                <Time at={row.at} style="secondsOrDay" />
              </td>
              <td className="no-phone">
                <code>{row.route}</code>
              </td>
              <td className="at-end">
                <OutcomeStatus {...row} />
              </td>
              <td className="right" data-label="In">
                {isCounted ? exact(row.promptTokens) : "–"}
              </td>
              <td className="right at-end" data-label="Out">
                {isCounted ? exact(row.completionTokens) : "–"}
              </td>
              <td className="right no-phone">{row.ttftMs === null ? "–" : duration(row.ttftMs)}</td>
              <td className="right no-phone">{row.durationMs === null ? "–" : duration(row.durationMs)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
