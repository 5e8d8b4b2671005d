"use client";

import { useState } from "react";
import { useNow } from "@/app/_ui/clock";
import { counted } from "@/app/_ui/figures";
import { useAnswer } from "@/app/_ui/use-answer";
import { useZone } from "@/app/_ui/zone";
import { keyFootprintAction } from "./actions";
import { type KeyFacts, lastUse, newestUse } from "./key-facts";

/** What breaks when a key stops: who used it last, how much today, and what is being answered right now. */
export function KeyDamage({ of: key, isOthers }: { of: KeyFacts; isOthers: boolean }) {
  // Counted from when it opened: words that tick would be read out again and again.
  const opened = useNow();
  const [now] = useState(opened);
  const zone = useZone();
  const footprint = useAnswer(keyFootprintAction, "keyId", key.id);
  const used = newestUse(footprint?.secrets ?? key.secrets);
  const today = footprint?.requestsToday ?? 0;
  const running = footprint?.running ?? 0;
  const isUsed = (used?.lastUsedAt ?? null) !== null || today > 0;
  return (
    <p aria-live="polite">
      {isOthers && `This is ${key.member.name}'s key. `}
      {isUsed && used
        ? `It ${used.lastUsedAt ? lastUse(used, zone, now) : "is being used"}${
            today > 0 ? `, ${counted(today, "request")} today` : ""
          }. Every call with it fails within 5 seconds, everywhere.`
        : "It was never used. From now on every call with it fails."}
      {running > 0 && (
        <>
          {" "}
          <b>
            {running === 1
              ? `1 ${footprint?.streaming === 1 ? "stream" : "answer"} is running now and is cut off.`
              : `${counted(running, "answer")} are running now and are cut off.`}
          </b>
        </>
      )}
    </p>
  );
}
