import type { Role } from "@/lib/auth/member";

export type NavIcon =
  | "keys"
  | "usage"
  | "requests"
  | "connect"
  | "playground"
  | "team"
  | "pods"
  | "activity"
  | "settings";

export type NavEntry = {
  href: string;
  name: string;
  icon: NavIcon;
  group: "main" | "admin";
  for?: "admins";
  /** What follows `g` on the keyboard. */
  letter: string;
};

/** Every page one can go to, in order. A page joins the sidebar, the rail, the phone's bar and the command menu here. */
export const NAV: readonly NavEntry[] = [
  { href: "/keys", name: "Keys", icon: "keys", group: "main", letter: "k" },
  { href: "/usage", name: "Usage", icon: "usage", group: "main", letter: "u" },
  { href: "/requests", name: "Requests", icon: "requests", group: "main", letter: "r" },
  { href: "/connect", name: "Connect", icon: "connect", group: "main", letter: "c" },
  { href: "/playground", name: "Playground", icon: "playground", group: "main", letter: "l" },
  { href: "/team", name: "Team", icon: "team", group: "admin", for: "admins", letter: "t" },
  { href: "/pods", name: "Pods", icon: "pods", group: "admin", for: "admins", letter: "p" },
  { href: "/activity", name: "Activity", icon: "activity", group: "admin", letter: "a" },
  { href: "/settings", name: "Settings", icon: "settings", group: "admin", letter: "s" },
];

/** The entries a role sees; to a member nothing of it is administration. */
export function navFor(role: Role): NavEntry[] {
  if (role === "OWNER" || role === "ADMIN") return [...NAV];
  return NAV.filter((entry) => entry.for !== "admins").map((entry) => ({ ...entry, group: "main" }));
}

/** The first four go into the phone's bottom bar; the rest is under More. */
export const PHONE_ENTRIES = 4;

export const isCurrent = (pathname: string, href: string) => pathname === href || pathname.startsWith(`${href}/`);
