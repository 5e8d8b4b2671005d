"use client";

import { useEffect, useState } from "react";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Cut } from "./cut";

type TroubleProps = { error: unknown; retry: () => void };

const ASK_EVERY_MS = 3_000;

/** What a page says when it could not be made. Away from its database it waits, and comes back by itself. */
export function Trouble({ error, retry }: TroubleProps) {
  const away = useDatabaseAway(error, retry);
  const id = digestOf(error);
  return (
    <div className="empty" role="alert">
      <Cut hint="away" state="ended" width={76} />
      <p className="empty-title">{away ? "Podpass can't reach its database." : "This page could not be made."}</p>
      <p className="prose">
        {away
          ? "You are still signed in. This page comes back by itself as soon as the database answers."
          : "Something went wrong on our side. Trying again often helps; if it doesn't, tell whoever runs this Podpass the id below."}
      </p>
      <div className="row wrap">
        <Button onClick={retry}>Try again</Button>
        {id && (
          <span className="row muted">
            Error <code>{id}</code>
            <CopyButton text={id} iconLabel="Copy the error's id" />
          </span>
        )}
      </div>
    </div>
  );
}

/** Asks whether the database is there while it may not be, and retries the page once it is. Null until the first answer. */
function useDatabaseAway(error: unknown, retry: () => void) {
  const [away, setAway] = useState<boolean | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a retry that fails again brings another error, and another wait
  useEffect(() => {
    let stopped = false;
    let wasAway = false;
    async function ask() {
      const ready = await fetch("/readyz", { cache: "no-store" }).catch(() => null);
      if (stopped) return;
      const isAway = ready === null || ready.status === 503;
      setAway(isAway);
      if (!isAway && wasAway) retry();
      wasAway = isAway;
      if (isAway) timer = setTimeout(ask, ASK_EVERY_MS);
    }
    let timer = setTimeout(ask, 0);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [error, retry]);
  return away;
}

function digestOf(error: unknown) {
  if (typeof error !== "object" || error === null || !("digest" in error)) return null;
  return typeof error.digest === "string" ? error.digest : null;
}
