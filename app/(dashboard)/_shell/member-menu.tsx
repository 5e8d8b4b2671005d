"use client";

import { Avatar } from "@/app/_ui/avatar";
import { UpDownIcon } from "@/app/_ui/icons";
import { Menu } from "@/app/_ui/menu";
import { AccountItems, type AccountProps } from "./account-items";

/** The member at the foot of the sidebar, and what concerns them. */
export function MemberMenu({ role, ...account }: AccountProps & { role: string }) {
  return (
    <Menu
      label="Your account"
      trigger={(button) => (
        <button {...button} type="button" className="me">
          <Avatar name={account.name} />
          <span className="grow">
            <span className="me-name">{account.name}</span>
            <br />
            <span className="muted">{role}</span>
          </span>
          <UpDownIcon size={12} />
        </button>
      )}
    >
      <AccountItems {...account} />
    </Menu>
  );
}
