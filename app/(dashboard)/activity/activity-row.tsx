"use client";

import Link from "next/link";
import { Time } from "@/app/_ui/time";
import { useZone } from "@/app/_ui/zone";
import type { Activity } from "@/lib/audit/queries";
import { actionWords, changesOf } from "./words";

const MOST_SHOWN = 5;

/** One thing that happened: who did what to what, with what changed, when and from where. */
export function ActivityRow({ of: event, showAddress }: { of: Activity; showAddress: boolean }) {
  const zone = useZone();
  // What was made is named already.
  const changes = changesOf(event, zone).filter(({ field, before }) => field !== "name" || before !== null);
  const isKey = event.targetKind === "key";
  const target = event.targetId === event.actorId && event.actorId !== null ? null : event.targetName;
  const isOwn = event.targetId === event.actorId && event.actorId !== null;
  return (
    <tr>
      <td className="nowrap">
        <Time at={event.at} style="secondsOrDay" />
      </td>
      <th scope="row" className="whole">
        <b>{event.actorName}</b>{" "}
        {isOwn ? actionWords(event.action).replace(/ (of|for)$/, "") : actionWords(event.action)}{" "}
        {isOwn && "(their own)"}
        {target && (isKey ? <Link href={`/keys/${event.targetId}`}>{target}</Link> : <b>{target}</b>)}
        {isKey && event.memberName && event.memberId !== event.actorId && (
          <span className="muted"> of {event.memberName}</span>
        )}
      </th>
      <td className="whole second">
        {changes.slice(0, MOST_SHOWN).map(({ field, before, after }, index) => (
          <span key={field} className="anywhere">
            {index > 0 && ", "}
            <span className="muted">{field}</span>{" "}
            {before !== null && after !== null ? `${before} → ${after}` : (after ?? before)}
          </span>
        ))}
        {changes.length > MOST_SHOWN && <span className="muted">, {changes.length - MOST_SHOWN} more in the CSV</span>}
      </td>
      {showAddress && <td className="low-rank no-phone">{event.ip ? <code>{event.ip}</code> : "–"}</td>}
    </tr>
  );
}
