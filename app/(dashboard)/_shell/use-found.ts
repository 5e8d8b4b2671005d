"use client";

import { useEffect, useState } from "react";
import type { Found } from "../find/route";

const NOTHING: Found = { keys: [], members: [], pods: [] };

/** Typing goes on for so long before the server is asked. */
const PAUSE_MS = 120;

/** Words that stand before a name, of which the first letters are enough: the name alone is looked for. */
const VERBS = ["rotate", "revoke", "rename", "chat", "usage", "requests", "keys", "open", "of", "with"];

/** What is typed without the verbs before the name: "rot lap" looks for "lap". */
export function nameIn(typed: string): string {
  const words = typed.trim().split(/\s+/);
  const at = words.findIndex((word) => !VERBS.some((verb) => verb.startsWith(word.toLowerCase())));
  return at === -1 ? (words.at(-1) ?? "") : words.slice(at).join(" ");
}

/** What the server knows by this name, and all that it said before: letters in between fit what is there already. */
export function useFound(typed: string): Found {
  const [found, setFound] = useState(NOTHING);
  const name = nameIn(typed);

  // What is typed goes on while the first list comes: that one is wanted whatever comes of the rest.
  useEffect(() => askFor("", setFound, 0), []);
  useEffect(() => (name === "" ? undefined : askFor(name, setFound, PAUSE_MS)), [name]);

  return found;
}

type SetFound = (join: (known: Found) => Found) => void;

/** Asks after a pause and adds what is answered. An answer that comes too late, or not at all, changes nothing. */
function askFor(name: string, setFound: SetFound, pauseMs: number): () => void {
  const left = new AbortController();
  const ask = async () => {
    const answer = await fetch(`/find?${new URLSearchParams({ q: name })}`, { signal: left.signal });
    // An ended session leads to the sign-in page, which is no answer to this.
    if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return;
    const more = (await answer.json()) as Found;
    setFound((known) => ({
      keys: joined(known.keys, more.keys),
      members: joined(known.members, more.members),
      pods: joined(known.pods, more.pods),
    }));
  };
  const timer = setTimeout(() => void ask().catch(() => undefined), pauseMs);
  return () => {
    clearTimeout(timer);
    left.abort();
  };
}

function joined<Row extends { id: string }>(known: readonly Row[], more: readonly Row[]): Row[] {
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...more.filter(({ id }) => !ids.has(id))];
}
