import {
  ClockIcon,
  ConnectIcon,
  KeyIcon,
  PlaygroundIcon,
  PodsIcon,
  RequestsIcon,
  SettingsIcon,
  TeamIcon,
  UsageIcon,
} from "@/app/_ui/icons";
import type { NavIcon as Name } from "./nav";

const ICONS = {
  keys: KeyIcon,
  usage: UsageIcon,
  requests: RequestsIcon,
  connect: ConnectIcon,
  playground: PlaygroundIcon,
  team: TeamIcon,
  pods: PodsIcon,
  activity: ClockIcon,
  settings: SettingsIcon,
} satisfies Record<Name, unknown>;

export function NavIcon({ name }: { name: Name }) {
  const Icon = ICONS[name];
  return <Icon />;
}
