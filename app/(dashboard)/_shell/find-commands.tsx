import type { ReactNode } from "react";
import {
  EditIcon,
  InfoIcon,
  KeyIcon,
  PlaygroundIcon,
  PlusIcon,
  PodsIcon,
  RequestsIcon,
  RevokeIcon,
  RotateIcon,
  SettingsIcon,
  SignOutIcon,
  TeamIcon,
  UsageIcon,
} from "@/app/_ui/icons";
import { applyTheme, THEMES } from "@/app/_ui/theme";
import type { Found } from "../find/route";
import type { NavEntry } from "./nav";
import { NavIcon } from "./nav-icon";

export type Command = {
  id: string;
  name: string;
  icon: ReactNode;
  group: "Pages" | "Actions" | "Keys" | "Members" | "Pods";
  /** Grey, at its end: whose it is, or what it is called elsewhere. */
  aside?: string;
  /** The keys that do the same. */
  keys?: readonly string[];
  /** Words that mean the same. */
  others?: string;
  /** Only for those who look for it. */
  isRare?: boolean;
  run: () => void;
};

type Doing = { go: (href: string) => () => void; onHelp: () => void; onSignOut: () => void; isAdmin: boolean };

const OTHERS: Record<string, string> = {
  "/keys": "secrets tokens api",
  "/usage": "tokens cost chart statistics export",
  "/requests": "log history errors latency",
  "/connect": "documentation snippets base url models sdk",
  "/playground": "chat try",
  "/team": "members people roles invites users",
  "/pods": "gpu vllm servers models",
  "/activity": "audit log history",
  "/settings": "profile password zone sessions policy",
};

const THEME_NAMES = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

/** Everything one can go to or do, whatever is typed. */
export function standingCommands(entries: readonly NavEntry[], doing: Doing): Command[] {
  const { go, onHelp, onSignOut, isAdmin } = doing;
  const action = (
    id: string,
    name: string,
    icon: ReactNode,
    run: () => void,
    more: Partial<Command> = {},
  ): Command => ({
    id,
    name,
    icon,
    group: "Actions",
    run,
    ...more,
  });
  return [
    ...entries.map(
      ({ href, name, icon, letter }): Command => ({
        id: href,
        name,
        icon: <NavIcon name={icon} />,
        group: "Pages",
        keys: ["g", letter],
        others: OTHERS[href] ?? "",
        run: go(href),
      }),
    ),
    action("new", "New key", <PlusIcon />, go("/keys?new=1"), { keys: ["n"], others: "create make issue add secret" }),
    ...(isAdmin
      ? [
          action("invite", "Invite a member", <PlusIcon />, go("/team?do=invite"), { others: "add user person team" }),
          action("pod", "Add a pod", <PlusIcon />, go("/pods?do=add"), { others: "connect server vllm gpu" }),
        ]
      : []),
    ...THEMES.map((theme) =>
      action(`theme-${theme}`, THEME_NAMES[theme], <SettingsIcon />, () => applyTheme(theme), {
        others: "appearance mode colours night",
        isRare: true,
      }),
    ),
    action("help", "Keyboard shortcuts", <InfoIcon />, onHelp, { keys: ["?"], others: "help keys" }),
    action("sign-out", "Sign out", <SignOutIcon />, onSignOut, { others: "log leave", isRare: true }),
  ];
}

/** What leads to things by their own names, and what can be done with them. */
export function foundCommands({ keys, members, pods }: Found, { go }: Pick<Doing, "go">): Command[] {
  return [
    ...keys.flatMap(({ id, name, hint, owner }): Command[] => {
      const of = { group: "Keys" as const, aside: owner ?? hint };
      const rare = { ...of, isRare: true };
      return [
        { ...of, id: `key-${id}`, name, icon: <KeyIcon />, others: "open key", run: go(`/keys/${id}`) },
        { ...rare, id: `rotate-${id}`, name: `Rotate ${name}`, icon: <RotateIcon />, run: go(`/keys/${id}?do=rotate`) },
        { ...rare, id: `rename-${id}`, name: `Rename ${name}`, icon: <EditIcon />, run: go(`/keys/${id}?do=rename`) },
        { ...rare, id: `revoke-${id}`, name: `Revoke ${name}`, icon: <RevokeIcon />, run: go(`/keys/${id}?do=revoke`) },
        { ...rare, id: `usage-${id}`, name: `Usage of ${name}`, icon: <UsageIcon />, run: go(`/usage?key=${id}`) },
        {
          ...rare,
          id: `requests-${id}`,
          name: `Requests of ${name}`,
          icon: <RequestsIcon />,
          run: go(`/requests?key=${id}`),
        },
        ...(owner === null
          ? [
              {
                ...rare,
                id: `chat-${id}`,
                name: `Chat with ${name}`,
                icon: <PlaygroundIcon />,
                run: go(`/playground?key=${id}`),
              },
            ]
          : []),
      ];
    }),
    ...members.flatMap(({ id, name, email }): Command[] => {
      const of = { group: "Members" as const, aside: email, icon: <TeamIcon />, others: email };
      return [
        { ...of, id: `member-${id}`, name, run: go(`/keys?member=${id}`) },
        {
          ...of,
          id: `member-usage-${id}`,
          name: `Usage of ${name}`,
          isRare: true,
          run: go(`/usage?member=${id}&by=key`),
        },
      ];
    }),
    ...pods.map(
      ({ id, name, state }): Command => ({
        id: `pod-${id}`,
        name,
        icon: <PodsIcon />,
        group: "Pods",
        aside: state.replaceAll("_", " "),
        isRare: true,
        others: "pod",
        run: go("/pods"),
      }),
    ),
  ];
}
