"use client";

import { IconButton } from "@/app/_ui/button";
import { copyText } from "@/app/_ui/copy-text";
import { CopyIcon, EditIcon, MoreIcon, PauseIcon, PlayIcon, RevokeIcon, RotateIcon } from "@/app/_ui/icons";
import { Menu, MenuItem, MenuRule } from "@/app/_ui/menu";
import { showToast } from "@/app/_ui/toast";
import { isLive } from "@/lib/keys/status";
import type { OpenDialog } from "./key-dialogs";
import type { KeyFacts } from "./key-facts";

type KeyMenuProps = {
  of: KeyFacts;
  onOpen: (dialog: OpenDialog) => void;
  /** Enables it, or disables it. */
  onTurn: (key: KeyFacts, on: boolean) => void;
};

/** Everything one can do with a key, at the end of its row. */
export function KeyMenu({ of: key, onOpen, onTurn }: KeyMenuProps) {
  const copyId = async () => {
    if (await copyText(key.id, document.body)) showToast("The key's id is copied");
  };
  const isDisabled = key.disabledAt !== null;
  const works = isLive(key, new Date());
  return (
    <Menu
      label={`Actions for ${key.name}`}
      align="end"
      trigger={(button) => (
        <IconButton {...button} label={`Actions for ${key.name}`}>
          <MoreIcon />
        </IconButton>
      )}
    >
      {works && (
        <>
          <MenuItem icon={<RotateIcon />} onSelect={() => onOpen({ kind: "rotate", key })}>
            Rotate
          </MenuItem>
          <MenuItem icon={isDisabled ? <PlayIcon /> : <PauseIcon />} onSelect={() => onTurn(key, isDisabled)}>
            {isDisabled ? "Enable" : "Disable"}
          </MenuItem>
        </>
      )}
      <MenuItem icon={<EditIcon />} onSelect={() => onOpen({ kind: "rename", key })}>
        Rename
      </MenuItem>
      <MenuItem icon={<CopyIcon />} onSelect={copyId}>
        Copy the key's id
      </MenuItem>
      {works && (
        <>
          <MenuRule />
          <MenuItem icon={<RevokeIcon />} danger onSelect={() => onOpen({ kind: "revoke", key })}>
            Revoke
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
