"use client";

import { useEffect, useState } from "react";
import type { Found } from "../find/route";

const NOTHING: Found = { keys: [], members: [], pods: [] };

/** Typing goes on for so long before the server is asked. */
const PAUSE_MS = 120;

/** Verbs that stand before a name: the name alone is looked for. */
const VERBS = /^(?:rotate|revoke|rename|chat|usage|requests|keys|open|of|with)\s+/i;

/** What the server knows by this name. Answers that come late, or not at all, change nothing. */
export function useFound(text: string): Found {
  const [found, setFound] = useState(NOTHING);
  const name = text.trim().replace(VERBS, "").replace(VERBS, "");

  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      const answer = await fetch(`/find?${new URLSearchParams({ q: name })}`, { signal: left.signal });
      // An ended session leads to the sign-in page, which is no answer to this.
      if (answer.ok && answer.headers.get("content-type")?.includes("json")) setFound((await answer.json()) as Found);
    };
    const timer = setTimeout(() => void ask().catch(() => undefined), name === "" ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [name]);

  return found;
}
