"use client";

import { IconButton } from "@/app/_ui/button";
import { SearchIcon } from "@/app/_ui/icons";
import { openFind } from "./commands";

/** Opens the command menu: as a field in the sidebar, as a picture in the phone's top bar. */
export function FindButton({ picture, isMac }: { picture?: boolean; isMac?: boolean }) {
  if (picture) {
    return (
      <IconButton label="Find or do" onClick={openFind}>
        <SearchIcon size={18} />
      </IconButton>
    );
  }
  return (
    <button type="button" className="find-button" onClick={openFind}>
      <SearchIcon size={14} />
      <span>Find or do</span>
      <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
    </button>
  );
}
