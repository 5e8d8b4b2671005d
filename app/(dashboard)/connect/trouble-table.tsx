import { AppError, type ErrorCode } from "@/lib/errors";
import { ERROR_WORDS } from "../_words/errors";

/** What programs meet most, in the order of their status. */
const SHOWN: ErrorCode[] = [
  "invalid_request",
  "invalid_api_key",
  "key_expired",
  "model_not_allowed",
  "ip_not_allowed",
  "model_not_found",
  "rate_limit_exceeded",
  "insufficient_quota",
  "budget_exhausted",
  "pod_error",
  "pod_unavailable",
  "database_unavailable",
  "pod_timeout",
];

/** Each refusal with its meaning and cure, out of the same catalogue that programs are answered from. */
export function TroubleTable() {
  return (
    <table className="entries trouble">
      <thead>
        <tr>
          <th>Status</th>
          <th>Code</th>
          <th>What it means and what to do</th>
          <th className="right">Retry helps</th>
        </tr>
      </thead>
      <tbody>
        {SHOWN.map((code) => {
          const { status, retry } = new AppError(code, "").answer;
          return (
            <tr key={code}>
              <th scope="row">
                <b>{status}</b>
              </th>
              <td className="at-end">
                <code>{code}</code>
              </td>
              <td className="whole second">{ERROR_WORDS[code]?.meaning}</td>
              <td className="right" data-label="Retry helps:">
                {retry ? "yes" : "no"}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
