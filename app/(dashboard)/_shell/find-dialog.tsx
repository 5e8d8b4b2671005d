"use client";

import { useRouter } from "next/navigation";
import { type KeyboardEvent, useId, useLayoutEffect, useState, useTransition } from "react";
import { IconButton } from "@/app/_ui/button";
import { Dialog } from "@/app/_ui/dialog";
import { counted } from "@/app/_ui/figures";
import { CloseIcon, SearchIcon } from "@/app/_ui/icons";
import { type Command, foundCommands, standingCommands } from "./find-commands";
import { sectionsOf } from "./find-ranking";
import { cutAt } from "./fuzzy";
import type { NavEntry } from "./nav";
import { recentIds, rememberUse } from "./recent";
import { signOutAction } from "./sign-out";
import { useFound } from "./use-found";

type FindDialogProps = { entries: readonly NavEntry[]; onClose: () => void; onHelp: () => void };

/** Everything one can go to or do, by a few of its letters. Arrow keys move, Enter does it. */
export function FindDialog({ entries, onClose, onHelp }: FindDialogProps) {
  const router = useRouter();
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [recent] = useState(recentIds);
  const [, startSignOut] = useTransition();
  const found = useFound(text);

  const go = (href: string) => () => router.push(href);
  const isAdmin = entries.some((entry) => entry.for === "admins");
  const onSignOut = () => startSignOut(signOutAction);
  const commands = [...standingCommands(entries, { go, onHelp, onSignOut, isAdmin }), ...foundCommands(found, { go })];
  const sections = sectionsOf(commands, text, recent);
  const all = sections.flatMap((section) => section.found);
  const chosen = all[Math.min(at, all.length - 1)]?.entry;
  const optionOf = (command: Command) => `${id}-${command.id}`;

  useLayoutEffect(() => {
    document.getElementById(`${id}-${chosen?.id}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen?.id]);

  function run(command: Command) {
    rememberUse(command.id);
    onClose();
    command.run();
  }

  function onKeyDown(event: KeyboardEvent) {
    const here = Math.min(at, all.length - 1);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 5, PageUp: here - 5 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const isStep = Math.abs(to - here) === 1;
      setAt(isStep ? (to + all.length) % Math.max(1, all.length) : Math.max(0, Math.min(to, all.length - 1)));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (chosen) run(chosen);
    }
  }

  return (
    <Dialog title={<span className="visually-hidden">Find or do</span>} narrow onDismiss={onClose}>
      <div className="dialog-fill find">
        <div className="find-field">
          <SearchIcon />
          <input
            type="text"
            role="combobox"
            aria-label="Find or do"
            aria-expanded={all.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={chosen ? optionOf(chosen) : undefined}
            aria-autocomplete="list"
            autoComplete="off"
            spellCheck={false}
            placeholder="A page, a key, or what to do"
            maxLength={100}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
            data-focus
          />
          <IconButton label="Close" className="only-phone" onClick={onClose}>
            <CloseIcon />
          </IconButton>
        </div>
        <div role="listbox" id={`${id}-list`} aria-label="Pages and actions" className="find-list">
          {sections.map((section) => (
            // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a list box
            <div key={section.title} role="group" aria-labelledby={`${id}-${section.title}`}>
              <p id={`${id}-${section.title}`} className={text.trim() === "" ? "menu-caption" : "visually-hidden"}>
                {section.title}
              </p>
              {section.found.map(({ entry, marks }) => (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the field above owns the keyboard
                // biome-ignore lint/a11y/useFocusableInteractive: the active option is named by aria-activedescendant
                <div
                  key={entry.id}
                  role="option"
                  id={optionOf(entry)}
                  aria-selected={entry === chosen}
                  className="menu-item"
                  onClick={() => run(entry)}
                >
                  {entry.icon}
                  <span className="find-name">
                    {cutAt(entry.name, marks).map(({ text: piece, isMeant, at: place }) =>
                      isMeant ? <b key={place}>{piece}</b> : piece,
                    )}
                  </span>
                  <span className="push find-aside">
                    {entry.aside}
                    {entry.keys && (
                      <span className="no-phone" aria-hidden="true">
                        {entry.keys.map((key) => (
                          <kbd key={key}>{key}</kbd>
                        ))}
                      </span>
                    )}
                  </span>
                </div>
              ))}
            </div>
          ))}
        </div>
        {all.length === 0 && <p className="menu-caption">Nothing is called that.</p>}
        <p className="visually-hidden" role="status">
          {text.trim() !== "" && (all.length === 0 ? "Nothing is called that." : counted(all.length, "result"))}
        </p>
      </div>
    </Dialog>
  );
}
