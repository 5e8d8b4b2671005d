"use client";

import dynamic from "next/dynamic";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { areShortcutsOn, FIND_EVENT, isTyping, NEW_KEY_EVENT } from "./commands";
import type { NavEntry } from "./nav";

const loadFind = () => import("./find-dialog").then((module) => module.FindDialog);
const FindDialog = dynamic(loadFind, { ssr: false });
const HelpDialog = dynamic(() => import("./help-dialog").then((module) => module.HelpDialog), { ssr: false });

const SEQUENCE_MS = 1_000;
const PRELOAD_AFTER_MS = 2_000;

/** Listens to the whole page's keyboard: ⌘K or Ctrl+K, `/`, `n`, `g` and a letter, `?`. Silent while somebody types. */
export function CommandCentre({ entries }: { entries: readonly NavEntry[] }) {
  const router = useRouter();
  const pathname = usePathname();
  const [open, setOpen] = useState<"find" | "help" | null>(null);
  const wentAt = useRef(Number.NEGATIVE_INFINITY);
  const isOpen = open !== null;

  // The menu's code comes when the page has nothing else to do, so that what is typed right after ⌘K lands in it.
  useEffect(() => {
    const timer = setTimeout(loadFind, PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    const newKey = () => {
      if (pathname === "/keys") dispatchEvent(new Event(NEW_KEY_EVENT));
      else router.push("/keys?new=1");
    };
    const onFind = () => setOpen("find");
    const onKey = (event: KeyboardEvent) => {
      if (
        (event.metaKey || event.ctrlKey) &&
        event.key.toLowerCase() === "k" &&
        !document.querySelector("dialog[open]")
      ) {
        event.preventDefault();
        setOpen("find");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isOpen || isTyping(event.target) || !areShortcutsOn())
        return;
      const isSequence = event.timeStamp - wentAt.current < SEQUENCE_MS;
      wentAt.current = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const page = isSequence ? entries.find(({ letter }) => letter === event.key)?.href : null;
      const search = document.querySelector<HTMLElement>("[data-search]");
      if (page) router.push(page);
      else if (event.key === "n") newKey();
      else if (event.key === "?") setOpen("help");
      else if (event.key === "/" && search) search.focus();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    addEventListener(FIND_EVENT, onFind);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener(FIND_EVENT, onFind);
    };
  }, [pathname, router, entries, isOpen]);

  const close = () => setOpen(null);
  if (open === "find") return <FindDialog entries={entries} onClose={close} onHelp={() => setOpen("help")} />;
  if (open === "help") return <HelpDialog entries={entries} onClose={close} />;
  return null;
}
