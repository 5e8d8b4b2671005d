import {
  ClockIcon,
  EditIcon,
  PauseIcon,
  PlayIcon,
  PlusIcon,
  RevokeIcon,
  RotateIcon,
  SettingsIcon,
  WarnIcon,
} from "@/app/_ui/icons";
import { Time } from "@/app/_ui/time";
import type { keyHistory } from "@/lib/keys/queries";
import { keyEventWords } from "../../_words/key-history";

const ICONS: Record<string, typeof EditIcon> = {
  "key.create": PlusIcon,
  "key.rotate": RotateIcon,
  "key.end_outgoing": RotateIcon,
  "key.revoke": RevokeIcon,
  "key.disable": PauseIcon,
  "key.enable": PlayIcon,
  "key.limits": SettingsIcon,
  "key.remind": ClockIcon,
  "key.report": RevokeIcon,
  "key.report_ended": WarnIcon,
  "key.new_network": WarnIcon,
  "key.unusual_rate": WarnIcon,
};

const KINDS: Record<string, string> = { cli: "Command line", system: "Podpass" };

/** What happened to a key, by whom and when. */
export function KeyHistoryList({ events }: { events: Awaited<ReturnType<typeof keyHistory>> }) {
  return (
    <ul className="history">
      {events.map((event) => {
        const Icon = ICONS[event.action] ?? EditIcon;
        return (
          <li key={event.id}>
            <Icon size={14} />
            <span>
              <b>{event.actorName ?? KINDS[event.actorKind] ?? "Somebody"}</b> {keyEventWords(event)}
            </span>
            <span className="muted nowrap">
              <Time at={event.at} style="agoWithTime" />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
