import Link from "next/link";
import type { ReactNode } from "react";
import { Note } from "@/app/_ui/note";
import { Time } from "@/app/_ui/time";
import type { LeakNotice } from "@/lib/abuse/leaks/queries";
import type { LimitsTrouble } from "@/lib/limits/standing";

const WORDS: Record<LimitsTrouble, ReactNode> = {
  redis_away: (
    <>
      <b>Redis is away.</b> Each replica keeps its part of every limit, and calls that a monthly budget applies to are
      refused until it is back.
    </>
  ),
  not_shared: (
    <>
      <b>Limits are not shared.</b> Another Podpass runs on this database and <code>REDIS_URL</code> is not set, so each
      lets through the whole of every limit.
    </>
  ),
};

/** What must not wait until somebody looks: keys that leaked, limits that do not hold. */
export function AlarmNotes({ leaks, troubles }: { leaks: readonly LeakNotice[]; troubles: readonly LimitsTrouble[] }) {
  if (leaks.length === 0 && troubles.length === 0) return null;
  return (
    <div className="banners">
      {leaks.map(({ keyId, keyName, at }) => (
        <Note key={keyId} tone="danger">
          <b>
            <Link href={`/keys/${keyId}`}>{keyName}</Link> leaked.
          </b>{" "}
          Somebody who had its secret reported it <Time at={at} />, so it was revoked. Create a new key, and look where
          the secret got out.
        </Note>
      ))}
      {troubles.map((trouble) => (
        <Note key={trouble} tone="warn">
          {WORDS[trouble]}
        </Note>
      ))}
    </div>
  );
}
