"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { MoreIcon } from "@/app/_ui/icons";
import { Menu, MenuLink, MenuRule } from "@/app/_ui/menu";
import { AccountItems, type AccountProps } from "./account-items";
import { isCurrent, type NavEntry, PHONE_ENTRIES } from "./nav";
import { NavIcon } from "./nav-icon";

/** The phone's bottom bar: four pages, and everything else under More. */
export function TabBar({ entries, account }: { entries: readonly NavEntry[]; account: AccountProps }) {
  const pathname = usePathname();
  const shown = entries.slice(0, PHONE_ENTRIES);
  const more = entries.slice(PHONE_ENTRIES);
  const isUnderMore = more.some(({ href }) => isCurrent(pathname, href));
  return (
    <nav className="tab-bar" aria-label="Main, bottom">
      {shown.map(({ href, name, icon }) => (
        <Link key={href} href={href} aria-current={isCurrent(pathname, href) ? "page" : undefined}>
          <NavIcon name={icon} />
          {name}
        </Link>
      ))}
      <Menu
        label="More"
        align="end"
        trigger={(button) => (
          <button {...button} type="button" aria-current={isUnderMore ? "true" : undefined}>
            <MoreIcon />
            More
          </button>
        )}
      >
        {more.map(({ href, name, icon }) => (
          <MenuLink key={href} href={href} icon={<NavIcon name={icon} />}>
            {name}
          </MenuLink>
        ))}
        {more.length > 0 && <MenuRule />}
        <AccountItems {...account} />
      </Menu>
    </nav>
  );
}
