"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";
import { CheckField } from "@/app/_ui/field";
import { areShortcutsOn, setShortcuts } from "./commands";
import type { NavEntry } from "./nav";

/** What the keys do, and the switch that turns single letters off. */
export function HelpDialog({ entries, onClose }: { entries: readonly NavEntry[]; onClose: () => void }) {
  const [on, setOn] = useState(areShortcutsOn);
  const keys = [
    { keys: ["⌘K", "Ctrl+K"], does: "Find or do" },
    { keys: ["/"], does: "Search this page" },
    { keys: ["n"], does: "New key" },
    ...entries.map(({ letter, name }) => ({ keys: ["g", letter], does: `Go to ${name}` })),
    { keys: ["?"], does: "This list" },
    { keys: ["Esc"], does: "Close; stop an answer" },
  ];
  return (
    <Dialog title="Keyboard shortcuts" narrow onDismiss={onClose}>
      <DialogBody>
        <dl className="facts help-keys">
          {keys.map(({ keys: pressed, does }) => (
            <div key={does}>
              <dt>
                {pressed.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <CheckField
          label="Single letters act"
          help="Turn this off if you speak to your computer or press keys by accident."
          checked={on}
          onChange={(event) => {
            setShortcuts(event.target.checked);
            setOn(event.target.checked);
          }}
        />
      </DialogBody>
      <DialogFoot>
        <Button onClick={onClose} data-focus>
          Close
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
