import type { ConnectionResult } from "@/lib/pods/connection";
import { Status } from "./status";

/** What a test of the connection came to, and what to do next. */
export function Found({ result }: { result: ConnectionResult }) {
  if (result.ok) {
    return (
      <>
        <Status tone="ok" glyph="disc" detail={result.models.join(", ") || "no model yet"}>
          Answers in {result.roundTripMs} ms
        </Status>
        {result.takesKeyBefore && (
          <p className="help">
            It takes the key before, not the present one. Calls use whichever works until the pod has the new one.
          </p>
        )}
      </>
    );
  }
  return (
    <>
      <Status tone="danger" glyph="cross">
        {result.sentence}
      </Status>
      <p className="help">{result.nextStep}</p>
    </>
  );
}
