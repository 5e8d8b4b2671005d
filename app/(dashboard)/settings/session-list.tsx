"use client";

import { Button } from "@/app/_ui/button";
import { counted } from "@/app/_ui/figures";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Status } from "@/app/_ui/status";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import type { SessionRow } from "@/lib/auth/queries";
import { endOthersAction, endSessionAction } from "./actions";
import { deviceOf } from "./device";

/** Where the member is signed in; everything but this browser can be ended. */
export function SessionList({ sessions }: { sessions: readonly SessionRow[] }) {
  const end = useFormAction(endSessionAction, () => showToast("The session has ended"));
  const endOthers = useFormAction(endOthersAction, ({ ended }) =>
    showToast(ended === 1 ? "1 other session has ended" : `${counted(ended, "other session")} have ended`),
  );
  return (
    <section className="gap-above-lg">
      <SectionTitle
        end={
          sessions.length > 1 && (
            <Button size="small" busy={endOthers.busy} onClick={() => endOthers.send(new FormData())}>
              End all others
            </Button>
          )
        }
      >
        Sessions
      </SectionTitle>
      <Refused refusal={end.refusal ?? endOthers.refusal} />
      <table className="entries">
        <thead>
          <tr>
            <th>Browser</th>
            <th>Address</th>
            <th>Last active</th>
            <th>Signed in</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id}>
              <th scope="row">{deviceOf(session.userAgent)}</th>
              <td className="at-end">{session.ip ? <code>{session.ip}</code> : "–"}</td>
              <td data-label="Active">
                <Time at={session.lastSeenAt} />
              </td>
              <td className="no-phone">
                <Time at={session.createdAt} style="agoWithTime" />
              </td>
              <td className="right at-end">
                {session.isCurrent ? (
                  <Status tone="ok" glyph="disc">
                    This one
                  </Status>
                ) : (
                  <Button
                    size="small"
                    busy={end.busy}
                    aria-label={`End the session in ${deviceOf(session.userAgent)}`}
                    onClick={() => end.send(formOf({ sessionId: session.id }))}
                  >
                    End
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
