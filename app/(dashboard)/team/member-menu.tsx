"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { IconButton } from "@/app/_ui/button";
import { EditIcon, LinkIcon, MoreIcon, PauseIcon, PlayIcon, SettingsIcon } from "@/app/_ui/icons";
import { Menu, MenuItem, MenuRule } from "@/app/_ui/menu";
import { showToast } from "@/app/_ui/toast";
import { formOf } from "@/app/_ui/use-form-action";
import type { MemberRow } from "@/lib/auth/queries";
import { mayManage } from "@/lib/auth/role-rules";
import { enableAction } from "./actions";
import type { OpenDialog, TeamContext } from "./context";

type MemberMenuProps = { of: MemberRow; context: TeamContext; onOpen: (dialog: OpenDialog) => void };

/** Everything one can do about a member; what only an owner may do says so. */
export function MemberMenu({ of: member, context: { viewer }, onOpen }: MemberMenuProps) {
  const router = useRouter();
  const [, start] = useTransition();
  const refused = mayManage(viewer, member) ? undefined : "Only for owners";
  const isDisabled = member.disabledAt !== null;
  const isSelf = member.id === viewer.id;

  const enable = () =>
    start(async () => {
      const result = await enableAction(null, formOf({ memberId: member.id })).catch(() => null);
      showToast(
        result?.ok
          ? `${member.name} can sign in again. Their keys work within 5 seconds.`
          : (result?.message ?? "Podpass did not answer. Look whether it happened before you try again."),
      );
      router.refresh();
    });

  return (
    <Menu
      label={`Actions for ${member.name}`}
      align="end"
      trigger={(button) => (
        <IconButton {...button} label={`Actions for ${member.name}`}>
          <MoreIcon />
        </IconButton>
      )}
    >
      <MenuItem icon={<EditIcon />} refused={refused} onSelect={() => onOpen({ kind: "role", member })}>
        Change role
      </MenuItem>
      <MenuItem icon={<SettingsIcon />} refused={refused} onSelect={() => onOpen({ kind: "limits", member })}>
        Limits
      </MenuItem>
      <MenuItem
        icon={<LinkIcon />}
        refused={refused ?? (isDisabled ? "Enable them first" : undefined)}
        onSelect={() => onOpen({ kind: "reset", member })}
      >
        Link for a new password
      </MenuItem>
      <MenuRule />
      {isDisabled ? (
        <MenuItem icon={<PlayIcon />} refused={refused} onSelect={enable}>
          Enable
        </MenuItem>
      ) : (
        <MenuItem
          icon={<PauseIcon />}
          danger
          refused={isSelf ? "Somebody else has to" : refused}
          onSelect={() => onOpen({ kind: "disable", member })}
        >
          Disable
        </MenuItem>
      )}
    </Menu>
  );
}
