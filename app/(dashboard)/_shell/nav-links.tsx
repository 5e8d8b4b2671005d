"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { isCurrent, type NavEntry } from "./nav";
import { NavIcon } from "./nav-icon";

/** The sidebar's list of pages; on the rail only the pictures are seen, the words stay for assistive technology. */
export function NavLinks({ entries }: { entries: readonly NavEntry[] }) {
  const main = entries.filter(({ group }) => group === "main");
  const admin = entries.filter(({ group }) => group === "admin");
  return (
    <nav className="nav" aria-label="Main">
      {main.map((entry) => (
        <NavLink key={entry.href} {...entry} />
      ))}
      {admin.length > 0 && <h2>Admin</h2>}
      {admin.map((entry) => (
        <NavLink key={entry.href} {...entry} />
      ))}
    </nav>
  );
}

function NavLink({ href, name, icon }: NavEntry) {
  const current = isCurrent(usePathname(), href);
  return (
    <Link href={href} aria-current={current ? "page" : undefined} title={name}>
      <NavIcon name={icon} />
      <span>{name}</span>
    </Link>
  );
}
