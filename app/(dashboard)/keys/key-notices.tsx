import Link from "next/link";
import { until } from "@/app/_ui/moments";
import { Note } from "@/app/_ui/note";
import { Time } from "@/app/_ui/time";
import type { KeyNotice } from "@/lib/keys/reminders/queries";

const SHOWN = 3;
const URGENT_MS = 3 * 86_400_000;

/** Which of one's own keys end or are to be rotated soon, or should have been. Louder in the last three days. */
export function KeyNotices({ notices, now }: { notices: readonly KeyNotice[]; now: Date }) {
  const [first] = notices;
  if (!first) return null;
  const isUrgent = first.at.getTime() - now.getTime() <= URGENT_MS;
  const overdue = notices.filter(({ isOverdue }) => isOverdue).length;
  const hidden = notices.length - SHOWN;
  return (
    <div className="banners">
      <Note tone={isUrgent ? "warn" : "info"}>
        {notices.slice(0, SHOWN).map((notice) => (
          <span key={`${notice.keyId} ${notice.kind}`}>
            <Link href={`/keys/${notice.keyId}`}>{notice.keyName}</Link> <NoticeWords of={notice} now={now} />{" "}
          </span>
        ))}
        {hidden > 0 && (
          <Link href={overdue > SHOWN ? "/keys?status=overdue" : "/keys?sort=expires"}>And {hidden} more</Link>
        )}
      </Note>
    </div>
  );
}

function NoticeWords({ of: { kind, at, isOverdue }, now }: { of: KeyNotice; now: Date }) {
  if (isOverdue) {
    return (
      <>
        was to be rotated by <Time at={at} style="day" />.
      </>
    );
  }
  return (
    <>
      {kind === "expiry" ? "expires" : "is to be rotated"} in {until(at, now)}, on{" "}
      <Time at={at} style="weekdayAndTime" />.
    </>
  );
}
