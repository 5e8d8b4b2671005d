"use client";

import { useRouter } from "next/navigation";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { Dialog } from "@/app/_ui/dialog";
import { InfoIcon, PlusIcon, SearchIcon } from "@/app/_ui/icons";
import type { NavEntry } from "./nav";
import { NavIcon } from "./nav-icon";

type Command = { id: string; name: string; icon: ReactNode; run: () => void };

type FindDialogProps = { entries: readonly NavEntry[]; onClose: () => void; onHelp: () => void };

/** Everything one can go to or do, by its first letters. Arrow keys move, Enter does it. */
export function FindDialog({ entries, onClose, onHelp }: FindDialogProps) {
  const router = useRouter();
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);

  const go = (href: string) => () => {
    onClose();
    router.push(href);
  };
  const commands: Command[] = [
    ...entries.map(({ href, name, icon }) => ({ id: href, name, icon: <NavIcon name={icon} />, run: go(href) })),
    { id: "new", name: "New key", icon: <PlusIcon />, run: go("/keys?new=1") },
    { id: "help", name: "Keyboard shortcuts", icon: <InfoIcon />, run: onHelp },
  ];
  const wanted = text.trim().toLowerCase();
  const found = commands.filter(({ name }) => name.toLowerCase().includes(wanted));
  const chosen = found[Math.min(at, found.length - 1)];

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((Math.min(at, found.length - 1) + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      chosen?.run();
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
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
            aria-autocomplete="list"
            autoComplete="off"
            placeholder="Find or do"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
            data-focus
          />
        </div>
        <div role="listbox" id={`${id}-list`} aria-label="Pages and actions">
          {found.map((command) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above owns the keyboard
            // biome-ignore lint/a11y/useFocusableInteractive: the active option is named by aria-activedescendant
            <div
              key={command.id}
              role="option"
              id={`${id}-${command.id}`}
              aria-selected={command === chosen}
              className="menu-item"
              onClick={command.run}
            >
              {command.icon}
              {command.name}
            </div>
          ))}
        </div>
        {found.length === 0 && <p className="menu-caption">Nothing is called that.</p>}
      </div>
    </Dialog>
  );
}
