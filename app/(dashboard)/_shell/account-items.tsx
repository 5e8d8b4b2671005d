"use client";

import { useTransition } from "react";
import { SettingsIcon, SignOutIcon } from "@/app/_ui/icons";
import { MenuChoice, MenuItem, MenuLink, MenuRule } from "@/app/_ui/menu";
import { THEMES, type Theme } from "@/app/_ui/theme";
import { NAV } from "./nav";
import { signOutAction } from "./sign-out";
import { useTheme } from "./use-theme";

export type AccountProps = { name: string; email: string; theme: Theme };

const THEME_NAMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

/** Who is signed in, the theme, and the way out: in the sidebar's menu and under More. */
export function AccountItems({ email, theme }: AccountProps) {
  const { theme: chosen, choose } = useTheme(theme);
  const settings = NAV.find(({ icon }) => icon === "settings");
  const [, startSignOut] = useTransition();
  return (
    <>
      <p className="menu-caption anywhere">{email}</p>
      <MenuRule />
      <p className="menu-caption">Theme</p>
      {THEMES.map((each) => (
        <MenuChoice key={each} chosen={each === chosen} onSelect={() => choose(each)}>
          {THEME_NAMES[each]}
        </MenuChoice>
      ))}
      <MenuRule />
      {settings && (
        <MenuLink href={settings.href} icon={<SettingsIcon />}>
          Settings
        </MenuLink>
      )}
      <MenuItem icon={<SignOutIcon />} onSelect={() => startSignOut(signOutAction)}>
        Sign out
      </MenuItem>
    </>
  );
}
